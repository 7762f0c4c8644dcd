"""What the views of the market and its court return.

Amounts in base units, prices in 10^-18 token per unit, times in seconds since 1970.

Written by `make abi` from the contracts' build: change those, not this.
"""

from __future__ import annotations

from dataclasses import dataclass

from suanli.protocol.channels import ChannelStatus
from suanli.protocol.court import CaseOutcome, CasePhase
from suanli.protocol.records import State, Trial
from suanli.protocol.storage import StorageStatus
from suanli.protocol.sums import DealSums, MinerStatusSums, OfferSums


@dataclass(frozen=True)
class Balance:
    available: int
    locked: int


@dataclass(frozen=True)
class CaseStatus:
    filer: str
    phase: CasePhase
    deadline: int
    """Until when what the phase is for can be done, in seconds since 1970"""
    round: int
    """0: first jury, 1: redrawn for want of a majority, 2: after an appeal"""
    seats: int
    """Of the present jury"""
    filer_acted: bool
    """Whether the filer, and the miner, have committed to (Answering) or revealed (Drawing)
    their secrets
    """
    miner_acted: bool
    committed: int
    """Votes committed and revealed in the present ballot"""
    revealed: int
    outcome: CaseOutcome
    """Of the last jury that found something"""
    withheld: bool
    """Filed because data is withheld, not because a leaf is wrong"""
    unavailable: bool
    """Half of a jury could not get the data: votes are, or were, cast a second time"""
    second: bool
    """The present votes are the second ones of the round"""
    shown: bool
    """The filer showed its leaf"""
    leaf: bytes
    """What the filer committed to; once shown, the hash of the leaf that it holds right"""
    miner_leaf: bytes
    """First half of the hash of the leaf that the miner opened; 0: none"""
    miner_id: int
    task: int
    filed_at: int
    """In seconds since 1970"""
    positions: int
    """Positions that the present jury is drawn from"""
    named: int
    """Block whose hash the present draw uses"""
    number: int
    """Of the filer's challenges of the deal, from 0"""
    places: int
    """Places kept for it; of a closed case: 1 as long as its filer has a claim"""
    deposit: int
    """Of the filer, in base units; of a case with a claim: what it paid for jurors"""
    appellant: str
    """Who appealed; zero: nobody"""
    appeal_deposit: int
    seed: bytes
    """Hash of the named block, mixed with the secrets revealed; 0: not recorded, or nobody
    drawn in the end
    """


@dataclass(frozen=True)
class ChannelView:
    status: ChannelStatus
    ends: int
    """Last second of its time, in seconds since 1970"""
    deposit: int
    """All that was put in, in base units"""
    paid: int
    """What the miner has been paid, the fee included, in base units"""
    reserved: int
    """What the time until now costs without any voucher, in base units"""


@dataclass(frozen=True)
class CourtCapacity:
    value: int
    places: int


@dataclass(frozen=True)
class CourtRules:
    inclusion: int
    """Longest that the chain may keep a transaction out; no phase is shorter"""
    step: int
    """For each step of the parties, for jurors to reveal, and to appeal"""
    vote: int
    """For jurors to run the task and to commit their votes"""
    cure: int
    """For a miner to serve the jurors, half of whom could not get the data"""
    queue: int
    """Longest wait for free seats"""
    filing: int
    """Least challenge window of terms; and how long filing is open again after withheld data
    came
    """
    join_delay: int
    """From taking a seat until it can be drawn"""
    leave_delay: int
    """From leaving until the seat's stake may go"""
    jury: int
    """Seats that judge first; where much is at stake, or a block's hash was missed; after an
    appeal. All odd.
    """
    large_jury: int
    appeal_jury: int
    cases_per_seat: int
    """In how many cases a seat may sit at a time"""
    cover_bps: int
    """Seats' stake for one case that a jury must have, as a share of the value at risk, or it
    is the large one
    """
    penalty_bps: int
    """Share of a seat's stake that absence or a vote against the verdict costs"""
    least_slash_bps: int
    """Least share of a deal's collateral that a wrong leaf costs"""
    cure_slash_bps: int
    """Share of a deal's collateral that it costs to serve data only when jurors asked for it"""
    slash_factor: int
    """How many times the share of wrong leaves is the share of the collateral slashed"""
    delay_rate: int
    """Share of a deal's value that a miner gets for each second of delay, out of a lost bond;
    in 10^-18
    """
    seat_stake: int
    """Stake of each seat"""
    seat_fee: int
    """A juror's pay for a case"""
    bond: int
    """Of a filer's first challenge of a deal"""
    reward_cap: int
    """Most that the right filers of a deal get as a reward together"""
    sink: str
    """Receives what is due to nobody: no party may gain from it"""


@dataclass(frozen=True)
class Deal(DealSums):
    state: State
    miner_id: int
    """Number of the miner that confirmed"""
    price: int
    """Fixed at confirmation, in 10^-18 token per unit"""
    time: int
    """The result's deadline; once a result was submitted, when that was. In seconds since 1970.
    """
    units_used: int
    """Units the submitted result claims; 0 if it was submitted accepted"""
    trial: Trial
    due_set: bool
    """Whether `unitsDue` holds instead of `unitsUsed`"""
    root: bytes
    """Root of the submitted result's sum tree; 0 if it was submitted accepted"""
    units_due: int
    """Units paid for, or to be paid for should the court fall silent, if `dueSet`"""


@dataclass(frozen=True)
class Docket:
    filing_until: int
    """Last second in which challenges are filed, in seconds since 1970"""
    open: int
    """Cases that are not closed"""
    claims: int
    """Closed cases whose filers still get something"""
    right: int
    """Of those, the ones that share the reward"""
    wrong: int
    """Leaves found wrong"""
    all_wrong: bool
    """All leaves count as wrong: data stayed unavailable, or the claim contradicts itself"""
    cured: bool
    """Data came only when jurors had asked for it"""
    reopened: bool
    """Filing was opened again"""
    frozen: bool
    noted: bool
    """A filer showed its leaf: the requester can't accept any more"""
    finished: bool
    """The court is done with the deal"""
    owed: int
    """What their filers paid for jurors, in base units"""
    refunds: int
    """What of it is there, in base units"""
    reward: int
    """Reward of each that shares it, in base units"""


@dataclass(frozen=True)
class Earnings:
    due: int
    """The miner's, in base units"""
    fees: int
    """The treasury's, in base units"""


@dataclass(frozen=True)
class LeastTimes:
    challenge_window: int
    verdict_by: int


@dataclass(frozen=True)
class Lot:
    miner_id: int
    """Whose capacity it is"""
    resource: int
    units: int
    """0: there is no such lot"""
    busy_until: int
    """Last second of it; once that has passed anybody may prune it"""


@dataclass(frozen=True)
class MinerAccount:
    miner_id: int
    """Number given at registration, from 1; 0: not registered"""
    payout: str
    """The only address its stake and earnings go to"""
    earnings: int
    """Payments not collected yet, in base units"""
    unbonding: int
    """Stake on its way out, in base units"""
    unbonding_ends: int
    """When it may leave, in seconds since 1970"""


@dataclass(frozen=True)
class MinerDocket:
    occupied: int
    filed: int


@dataclass(frozen=True)
class MinerStatus(MinerStatusSums):
    compute_power: int
    """Capacity registered, over all classes, in units"""
    last_payment_time: int
    """When it was last paid for a deal, in seconds since 1970; 0: never"""
    stake: int
    """Stake held, the pledged and the unbonding part included, in base units"""
    pledged: int
    """Stake behind registered capacity, in base units"""
    completed: int
    """Deals settled in this tenure"""
    defaulted: int
    """Deals that ended by a default"""
    overturned: int
    """Deals whose result the court overturned"""
    tenure: int
    """How often its payout or its own address has changed: what is attested of it is attested
    of this tenure
    """
    earned_total: int
    """All that its deals ever paid it, in base units, modulo 2^112"""
    fees_paid: int
    """All fees that its deals ever paid, in 10^-9 token, each rounded down; modulo 2^80"""


@dataclass(frozen=True)
class Offer(OfferSums):
    published: int
    """Units for sale, the reserved part included"""
    reserved: int
    """Units owed by live deals"""
    ask: int
    """Lowest price the miner takes, in 10^-18 token per unit"""
    verified_only: bool
    """Only identity-verified requesters may take it"""
    valid_until: int
    """Last second at which it can be taken (until 2106); 0: withdrawn"""
    capacity: int
    """Units registered, stake-backed"""


@dataclass(frozen=True)
class Seat:
    juror: str
    since: int
    until: int
    sitting: int
    penalties: int


@dataclass(frozen=True)
class SeatTotals:
    positions: int
    seats: int
    occupied: int
    vacant: int
    queued: int


@dataclass(frozen=True)
class StorageView:
    status: StorageStatus
    proved: int
    named: int
    over: int
    """When the period that is to be proved is over, in seconds since 1970"""
    until: int
    """Last second at which it may be proved"""


@dataclass(frozen=True)
class Supply:
    registered: int
    published: int
    demanded: int
    unused: int
