"""The market's and its court's events, named as in interfaces/*.sol, fields in the
events' own order.

Amounts in base units, prices in 10^-18 token per unit, times in seconds since 1970, addresses in
lowercase; `at` says where in the chain.

Written by `make abi` from the contracts' build: change those, not this.
"""

from __future__ import annotations

from dataclasses import dataclass

from suanli.chain.event import Event
from suanli.protocol import (
    Assessment,
    CaseOutcome,
    CasePhase,
    Channel,
    Leaf,
    Request,
    State,
    StorageDeal,
    Trial,
)


@dataclass(frozen=True)
class Appealed(Event):
    case_id: bytes
    appellant: str
    deposit: int


@dataclass(frozen=True)
class CallSkipped(Event):
    """`multicallSkip` left this call out: it reverted.

    `index`: Its place among the calls, from 0.
    `reason`: What it reverted with, cut after 256 bytes; empty if it needed more gas than it
    may.
    """

    index: int
    reason: bytes


@dataclass(frozen=True)
class CaseAdvanced(Event):
    """A case is in another phase, or in the same one anew; final ones have the deadline 0."""

    case_id: bytes
    phase: CasePhase
    round: int
    deadline: int


@dataclass(frozen=True)
class ChallengeFiled(Event):
    """`deposit`: Bond and fee of the filer, in base units.

    `seats`: Of the jury that will be drawn.
    """

    case_id: bytes
    request_id: bytes
    filer: str
    miner_id: int
    number: int
    withheld: bool
    task: int
    seats: int
    deposit: int


@dataclass(frozen=True)
class ChannelClosed(Event):
    """`paid`: All that the channel has paid, the fees included.

    `earned`: What the miner got of it in the end, after the fee.
    """

    channel: bytes
    miner_id: int
    requester: str
    paid: int
    earned: int
    fee: int
    refunded: int


@dataclass(frozen=True)
class ChannelEnded(Event):
    """The requester has ended the channel's time.

    `closable_from`: When anybody may close it, in seconds since 1970.
    """

    channel: bytes
    miner_id: int
    requester: str
    closable_from: int


@dataclass(frozen=True)
class ChannelFeesCollected(Event):
    miner_id: int
    amount: int


@dataclass(frozen=True)
class ChannelOpened(Event):
    channel: bytes
    miner_id: int
    requester: str
    record: Channel


@dataclass(frozen=True)
class ChannelPaid(Event):
    """`paid`: All that the channel has paid by now, the fees included.

    `earned`: What the miner got of it this time, after the fee.
    """

    channel: bytes
    miner_id: int
    requester: str
    paid: int
    earned: int
    fee: int


@dataclass(frozen=True)
class ChannelToppedUp(Event):
    """`deposit`: All that was put in.

    `reserve`: What the time from now to the new end costs if nothing else is paid.
    """

    channel: bytes
    miner_id: int
    requester: str
    deposit: int
    reserve: int
    ends: int


@dataclass(frozen=True)
class ClaimProvedFalse(Event):
    request_id: bytes
    index: int
    total: int


@dataclass(frozen=True)
class CollateralAdded(Event):
    miner_id: int
    giver: str
    amount: int


@dataclass(frozen=True)
class DealFinished(Event):
    """The court let the deal go on (Rejected), or ended it (Upheld; Undecided if it is paid but
    slashed).
    """

    request_id: bytes
    result: CasePhase
    slash_bps: int
    received: int


@dataclass(frozen=True)
class DealFrozen(Event):
    """The first challenge, or a proof, froze a deal, whose result these are; jurors find the
    work by it.
    """

    request_id: bytes
    miner_id: int
    request: Request
    root: bytes
    units_used: int
    filing_until: int


@dataclass(frozen=True)
class Deposited(Event):
    account: str
    amount: int


@dataclass(frozen=True)
class DepositsDivided(Event):
    """Of the filer's and the appellant's deposits: what went back to each, to jurors, to the
    miner, to the sink.
    """

    case_id: bytes
    filer: int
    appellant: int
    jurors: int
    miner: int
    sink: int


@dataclass(frozen=True)
class DueSet(Event):
    id: bytes
    miner_id: int
    units_due: int


@dataclass(frozen=True)
class EarningsCollected(Event):
    miner_id: int
    payout: str
    amount: int


@dataclass(frozen=True)
class EpochAdvanced(Event):
    requester: str
    epoch: int


@dataclass(frozen=True)
class FilingReopened(Event):
    request_id: bytes
    until: int


@dataclass(frozen=True)
class GuardianChanged(Event):
    guardian: str


@dataclass(frozen=True)
class HashRecorded(Event):
    case_id: bytes
    named: int
    hash: bytes


@dataclass(frozen=True)
class HashRenamed(Event):
    """Nobody recorded a hash in time: the jury is the large one, and block `named` draws it."""

    case_id: bytes
    named: int
    seats: int


@dataclass(frozen=True)
class JurorAssessed(Event):
    case_id: bytes
    position: int
    assessment: Assessment


@dataclass(frozen=True)
class JurorDrawn(Event):
    case_id: bytes
    juror: str
    position: int
    round: int
    index: int


@dataclass(frozen=True)
class LeafOpened(Event):
    case_id: bytes
    leaf: Leaf


@dataclass(frozen=True)
class LeafShown(Event):
    case_id: bytes
    leaf: bytes


@dataclass(frozen=True)
class LeavesNamed(Event):
    """`period`: The first is 0.

    `named`: The block whose hash draws the leaves.
    """

    deal: bytes
    miner_id: int
    period: int
    named: int


@dataclass(frozen=True)
class LotExtended(Event):
    operator: str
    lot: bytes
    miner_id: int
    price: int
    busy_until: int


@dataclass(frozen=True)
class LotFreed(Event):
    """The lot's units are for sale again: freed by its operator, or pruned."""

    operator: str
    lot: bytes
    miner_id: int


@dataclass(frozen=True)
class LotTaken(Event):
    operator: str
    lot: bytes
    miner_id: int
    resource: int
    units: int
    price: int
    busy_until: int


@dataclass(frozen=True)
class MinerRegistered(Event):
    miner_id: int
    miner: str
    payout: str


@dataclass(frozen=True)
class MinerSucceeded(Event):
    """The miner acts from another address now; deals, stake and counters stay with its number."""

    miner_id: int
    miner: str


@dataclass(frozen=True)
class OfferPublished(Event):
    miner_id: int
    resource: int
    published: int
    ask: int
    valid_until: int
    verified_only: bool


@dataclass(frozen=True)
class OfferWithdrawn(Event):
    """Nothing is for sale any more; what deals reserve leaves the supply as they end."""

    miner_id: int
    resource: int


@dataclass(frozen=True)
class OperatorPermitted(Event):
    miner_id: int
    operator: str
    longest: int


@dataclass(frozen=True)
class OwnershipTransferStarted(Event):
    previous_owner: str
    new_owner: str


@dataclass(frozen=True)
class OwnershipTransferred(Event):
    previous_owner: str
    new_owner: str


@dataclass(frozen=True)
class Paused(Event):
    account: str
    until: int


@dataclass(frozen=True)
class PayoutChanged(Event):
    miner_id: int
    payout: str


@dataclass(frozen=True)
class PeriodProved(Event):
    """`earned`: By the miner, the fee taken off, in base units."""

    deal: bytes
    miner_id: int
    period: int
    earned: int


@dataclass(frozen=True)
class PriceModelChanged(Event):
    resource: int
    price_model: str


@dataclass(frozen=True)
class PurseCollected(Event):
    miner_id: int
    payout: str
    amount: int


@dataclass(frozen=True)
class RedemptionSkipped(Event):
    """A redemption among many that is not valid, or pays nothing that was not paid."""

    channel: bytes


@dataclass(frozen=True)
class RequestAnnulled(Event):
    """The deal ended for nothing: nobody was paid or slashed."""

    id: bytes
    miner_id: int
    refunded: int


@dataclass(frozen=True)
class RequestCancelled(Event):
    id: bytes
    requester: str


@dataclass(frozen=True)
class RequestConfirmed(Event):
    """What else a signed request says stands in the calldata only."""

    id: bytes
    miner_id: int
    requester: str
    resource: int
    units: int
    price: int
    deadline: int


@dataclass(frozen=True)
class RequestDefaulted(Event):
    id: bytes
    miner_id: int
    refunded: int


@dataclass(frozen=True)
class RequestOverturned(Event):
    """A verdict took something away: paid + fee + refunded = what was locked."""

    id: bytes
    miner_id: int
    units_due: int
    paid: int
    fee: int
    refunded: int


@dataclass(frozen=True)
class RequestPosted(Event):
    id: bytes
    requester: str
    resource: int
    request: Request


@dataclass(frozen=True)
class RequestReleased(Event):
    """The miner gave the deal back, and was slashed for it."""

    id: bytes
    miner_id: int
    refunded: int


@dataclass(frozen=True)
class RequestSettled(Event):
    id: bytes
    miner_id: int
    paid: int
    fee: int
    refunded: int


@dataclass(frozen=True)
class ResourceClassAdded(Event):
    resource: int
    unit: str


@dataclass(frozen=True)
class ResourceClassRetired(Event):
    resource: int


@dataclass(frozen=True)
class ResourceRegistered(Event):
    miner_id: int
    resource: int
    capacity: int


@dataclass(frozen=True)
class ResultSubmitted(Event):
    id: bytes
    miner_id: int
    root: bytes
    units_used: int


@dataclass(frozen=True)
class RewardPaid(Event):
    """`refund`: What the filer had paid for jurors."""

    case_id: bytes
    filer: str
    refund: int
    reward: int


@dataclass(frozen=True)
class RuntimePermitted(Event):
    """`runtime`: Its index in the class's list, by which requests name it."""

    resource: int
    runtime: int
    runtime_id: bytes


@dataclass(frozen=True)
class RuntimeSuspended(Event):
    """New requests and deals can't name the runtime, or can again."""

    resource: int
    runtime: int
    suspended: bool


@dataclass(frozen=True)
class SeatLeft(Event):
    """No draw that begins later finds it, and from `until` on its stake may go."""

    position: int
    juror: str
    until: int


@dataclass(frozen=True)
class SeatPenalized(Event):
    """A seat paid for an absence, a vote against the verdict, or a reversed one; the sink
    received it.
    """

    position: int
    juror: str
    amount: int


@dataclass(frozen=True)
class SeatSeized(Event):
    """`by` showed what the juror of this seat will vote: it got half of the seat's stake, the
    sink the rest.
    """

    case_id: bytes
    position: int
    by: str
    index: int
    amount: int


@dataclass(frozen=True)
class SeatTaken(Event):
    position: int
    juror: str
    since: int


@dataclass(frozen=True)
class SeatVacated(Event):
    position: int
    juror: str
    returned: int


@dataclass(frozen=True)
class SecretCommitted(Event):
    case_id: bytes
    round: int
    by_miner: bool
    commitment: bytes


@dataclass(frozen=True)
class SecretRevealed(Event):
    case_id: bytes
    by_miner: bool
    secret: bytes


@dataclass(frozen=True)
class SettlementSkipped(Event):
    """`settleMany` left this request alone: it was in a state that can't be settled."""

    id: bytes
    state: State


@dataclass(frozen=True)
class StakeAdded(Event):
    miner_id: int
    sender: str
    amount: int


@dataclass(frozen=True)
class StakeSlashed(Event):
    """A miner lost collateral: compensation to the requester, the court's share, the rest to
    the reward pool.
    """

    id: bytes
    miner_id: int
    compensation: int
    court_share: int
    pool_share: int


@dataclass(frozen=True)
class StakeWithdrawn(Event):
    miner_id: int
    payout: str
    amount: int


@dataclass(frozen=True)
class StorageEnded(Event):
    """`paid`: Periods.

    `earned`: By the miner in all, the fees taken off.
    `fees`: In all.
    `refunded`: Of what the requester had put in.
    `lost`: Of the miner's collateral.
    `compensation`: Of it, to the requester: as much as it had paid, at most; the rest is the
    treasury's.
    """

    deal: bytes
    miner_id: int
    requester: str
    paid: int
    earned: int
    fees: int
    refunded: int
    lost: int
    compensation: int


@dataclass(frozen=True)
class StorageOpened(Event):
    deal: bytes
    miner_id: int
    requester: str
    record: StorageDeal


@dataclass(frozen=True)
class SuccessorNamed(Event):
    miner_id: int
    successor: str


@dataclass(frozen=True)
class TermsAdded(Event):
    terms: int


@dataclass(frozen=True)
class TermsRetired(Event):
    terms: int


@dataclass(frozen=True)
class TrialChanged(Event):
    """What the court has to do with a result changed, or its deal ended while frozen."""

    id: bytes
    miner_id: int
    trial: Trial


@dataclass(frozen=True)
class UnbondingStarted(Event):
    miner_id: int
    amount: int
    unbonding_ends: int


@dataclass(frozen=True)
class Unpaused(Event):
    account: str


@dataclass(frozen=True)
class VoteCommitted(Event):
    case_id: bytes
    index: int
    commitment: bytes


@dataclass(frozen=True)
class VoteRevealed(Event):
    case_id: bytes
    index: int
    leaf: bytes
    trace: bytes


@dataclass(frozen=True)
class VotesCounted(Event):
    case_id: bytes
    round: int
    outcome: CaseOutcome


@dataclass(frozen=True)
class Withdrawn(Event):
    account: str
    to: str
    amount: int
