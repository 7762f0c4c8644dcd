"""What the shadow market keeps; the contracts keep the same in their storage."""

from dataclasses import dataclass, field
from typing import NamedTuple

from suanli.protocol import ZERO_ADDRESS, ZERO_DIGEST, Address, State, Trial


class Signature(NamedTuple):
    """A signature as the model sees it: who signed which digest. Forgery is not modelled."""

    signer: Address
    digest: bytes


@dataclass
class Verifier:
    """Whom an identity verifier knows: miners by number and tenure, requesters by account."""

    miners: set[tuple[int, int]] = field(default_factory=set)
    requesters: set[Address] = field(default_factory=set)


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
    verified_only: bool = False
    """For identity-verified requesters."""
    capacity: int = 0


@dataclass(slots=True)
class Miner:
    account: Address
    payout: Address
    miner_id: int
    tenure: int = 0
    """How often its payout or its own address has changed."""
    successor: Address = ZERO_ADDRESS
    stake: int = 0
    pledged: int = 0
    unbonding: int = 0
    unbonding_ends: int = 0
    earned_total: int = 0
    """All that deals ever paid it, fees taken off."""
    collected: int = 0
    fees_paid: int = 0
    """All fees of its deals, in 10^-9 token, each rounded down."""
    last_payment_time: int = 0
    completed: int = 0
    defaulted: int = 0
    overturned: int = 0
    offers: dict[int, Offer] = field(default_factory=dict)

    @property
    def earnings(self) -> int:
        """Not collected yet."""
        return self.earned_total - self.collected

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
    trial: Trial = Trial.NONE
    due_set: bool = False
    root: bytes = ZERO_DIGEST
    units_due: int = 0
    """What is paid for in the end, if `due_set`, instead of `units_used`."""
