"""What the shadow court keeps; `contracts/Court.sol` keeps the same, packed."""

from dataclasses import dataclass, field

from suanli.protocol import (
    ZERO_ADDRESS,
    ZERO_DIGEST,
    Address,
    CaseOutcome,
    CasePhase,
    Request,
)

LOST = 255
"""As the number of a seat's penalties: all of its stake is gone."""
FIRST, REDRAWN, APPEALED = range(3)
"""Rounds."""
LEAF_BYTES = 16
TRACE_SHIFT = 129

Vote = tuple[bytes, int]
"""A revealed vote, as much of it as counts: 128 bits of the leaf's hash, 127 of the trace."""
UNHAD: Vote = (bytes(LEAF_BYTES), 0)
"""The data can't be had."""


def vote_of(leaf: bytes, trace: bytes) -> Vote:
    if leaf == ZERO_DIGEST:
        return UNHAD
    return leaf[:LEAF_BYTES], int.from_bytes(trace, "big") >> TRACE_SHIFT


@dataclass(frozen=True)
class CourtRules:
    """Times in seconds, amounts in base units."""

    inclusion: int
    step: int
    vote: int
    cure: int
    queue: int
    filing: int
    join_delay: int
    leave_delay: int
    jury: int
    large_jury: int
    appeal_jury: int
    cases_per_seat: int
    cover_bps: int
    penalty_bps: int
    least_slash_bps: int
    cure_slash_bps: int
    slash_factor: int
    delay_rate: int
    seat_stake: int
    seat_fee: int
    bond: int
    reward_cap: int
    sink: Address


@dataclass(slots=True)
class Seat:
    juror: Address
    since: int
    """From when on it can be drawn."""
    left_at: int = 0
    """0: it stays."""
    sitting: int = 0
    penalties: int = 0


@dataclass(slots=True)
class Ballot:
    commitments: dict[int, bytes] = field(default_factory=dict)
    """By the seat's place in the jury; of those revealed, too."""
    votes: dict[int, Vote] = field(default_factory=dict)
    seized: set[int] = field(default_factory=set)
    """Whose votes others showed too early."""


@dataclass(slots=True)
class Round:
    """A jury, how it is drawn, and what it found."""

    number: int
    """0: the first, 1: drawn anew, 2: after an appeal."""
    jury: int
    """Seats that it shall have."""
    secrets: dict[bool, bytes] = field(default_factory=dict)
    """What the parties committed to, by whether it is the miner's."""
    shown: set[bool] = field(default_factory=set)
    began: int = 0
    """Drawing, in seconds."""
    positions: int = 0
    named: int = 0
    renamed: bool = False
    seed: bytes = ZERO_DIGEST
    tried: int = 0
    calls: int = 0
    places: int = 0
    """Kept for it."""
    seats: list[int] = field(default_factory=list)
    """Positions drawn."""
    ballots: list[Ballot] = field(default_factory=lambda: [Ballot()])
    counted: bool = False
    outcome: CaseOutcome = CaseOutcome.NONE
    found: Vote | None = None

    @property
    def ballot(self) -> Ballot:
        return self.ballots[-1]


@dataclass(slots=True)
class Case:
    case_id: bytes
    request: Request
    request_id: bytes
    miner_id: int
    filer: Address
    number: int
    withheld: bool
    task: int
    deposit: int
    fee: int
    filed_at: int
    commitment: bytes
    phase: CasePhase = CasePhase.NONE
    deadline: int = 0
    rounds: list[Round] = field(default_factory=list)
    leaf: bytes = ZERO_DIGEST
    """Shown by the filer."""
    shown: bool = False
    miner_leaf: bytes = ZERO_DIGEST
    cured: bool = False
    deciding: Round | None = None
    """The last that found something."""
    appellant: Address = ZERO_ADDRESS
    appeal_deposit: int = 0
    appeal_fee: int = 0
    appealed_by_miner: bool = False
    owed: int = 0
    """To the filer of an upheld case, for what it paid jurors."""
    right: bool = False
    """The filer of an upheld case has a part in the reward."""
    claims: bool = False
    """The filer may collect what it is owed and its part in the reward."""

    @property
    def round(self) -> Round:
        return self.rounds[-1]

    @property
    def appealed(self) -> bool:
        return self.appellant != ZERO_ADDRESS

    @property
    def outcome(self) -> CaseOutcome:
        return self.deciding.outcome if self.deciding else CaseOutcome.NONE


@dataclass(slots=True)
class Docket:
    """What is kept of a deal."""

    filing_until: int = 0
    reopened: bool = False
    frozen: bool = False
    noted: bool = False
    finished: bool = False
    cured: bool = False
    all_wrong: bool = False
    wrong: set[int] = field(default_factory=set)
    open: int = 0
    right: int = 0
    owed: int = 0
    refunds: int = 0
    reward: int = 0
