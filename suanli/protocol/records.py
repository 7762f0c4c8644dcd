"""What the market knows, field for field as in the interfaces.

Amounts are base units of the settlement token, prices 10^-18 token per unit, times seconds since
1970. The named tuples have the order of the contract's structs, so they can be passed as such.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

Address = str
"""Lowercase, with 0x."""

ZERO_ADDRESS = "0x" + "00" * 20
ZERO_DIGEST = bytes(32)


class Kind(IntEnum):
    """How a class is sold: by deals, or by channels."""

    JUDGED = 0
    LEASED = 1


class State(IntEnum):
    """The first nine are stored; the last four are derived from time and challenges."""

    NONE = 0
    POSTED = 1
    CONFIRMED = 2
    SUBMITTED = 3
    SETTLED = 4
    CANCELLED = 5
    RELEASED = 6
    DEFAULTED = 7
    OVERTURNED = 8
    EXPIRED = 9
    OVERDUE = 10
    CHALLENGED = 11
    SETTLEABLE = 12


class Request(NamedTuple):
    requester: Address
    miner: Address
    """Zero: any."""
    resource: int
    units: int
    max_price: int
    confirm_by: int
    duration: int
    """Seconds from confirmation to the result's deadline."""
    tasks: int
    job: bytes
    """sha2-256 digest of the manifest."""
    terms: int
    flags: int = 0
    """Bit 0: identity-verified miners only."""
    epoch: int = 0
    salt: int = 0


class ResourceClass(NamedTuple):
    price_model: Address
    kind: Kind
    retired: bool
    floor: int
    stake_per_unit: int
    max_task_units: int
    max_task_memory: int
    max_task_bytes: int


class Terms(NamedTuple):
    treasury: Address
    fee_bps: int
    challenge_window: int
    retired: bool
    court: Address
    verdict_by: int
    release_bps: int
    default_bps: int
    overturn_bps: int
    reward_pool: Address
    compensation_cap: int
    """10^-18 token for each deal."""
    court_bps: int


class Signature(NamedTuple):
    """A signature as the model sees it: who signed which digest. Forgery is not modelled."""

    signer: Address
    digest: bytes


@dataclass(slots=True)
class Account:
    available: int = 0
    locked: int = 0
    epoch: int = 0


@dataclass(slots=True)
class Totals:
    """R, R_p and R_d of a class, in units."""

    registered: int = 0
    published: int = 0
    demanded: int = 0

    @property
    def unused(self) -> int:
        return self.registered - self.published - self.demanded


@dataclass(slots=True)
class Offer:
    """A miner's capacity in a class and what of it is for sale; `valid_until` 0: withdrawn."""

    published: int = 0
    reserved: int = 0
    ask: int = 0
    valid_until: int = 0
    capacity: int = 0


@dataclass(slots=True)
class Miner:
    account: Address
    payout: Address
    miner_id: int
    successor: Address = ZERO_ADDRESS
    stake: int = 0
    pledged: int = 0
    unbonding: int = 0
    unbonding_ends: int = 0
    earnings: int = 0
    last_payment_time: int = 0
    completed: int = 0
    defaulted: int = 0
    overturned: int = 0
    offers: dict[int, Offer] = field(default_factory=dict)

    @property
    def compute_power(self) -> int:
        return sum(offer.capacity for offer in self.offers.values())

    def offer(self, resource: int) -> Offer:
        return self.offers.setdefault(resource, Offer())


@dataclass(slots=True)
class Deal:
    state: State = State.NONE
    miner_id: int = 0
    price: int = 0
    time: int = 0
    """Confirmed: the result's deadline. Submitted: when it was submitted."""
    units_used: int = 0
    open_challenges: int = 0
    root: bytes = ZERO_DIGEST
