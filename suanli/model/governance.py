"""What the owner sets: classes, terms, verifier, guardian, pause; and who the owner is.

As `contracts/market/ResourceClasses.sol` and `TermsBook.sol`, with the owner's part of
`RequestBook.sol` and OpenZeppelin's Ownable2Step and Pausable.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

from suanli.model.escrow import Escrow
from suanli.model.state import Totals, Verifier
from suanli.protocol import (
    BPS,
    MAX_PRICE,
    ZERO_ADDRESS,
    Address,
    Kind,
    ResourceClass,
    Terms,
    require,
)

MAX_TOTAL = 2**80 - 1
MAX_FLOOR = 2**80 - 1
MAX_UNITS = 2**64 - 1
MAX_FEE_BPS = 1_000
CHALLENGE_WINDOWS = (60, 30 * 86_400)
MIN_VERDICT_BY = 60
"""Seconds, with a court."""
MAX_VERDICT_BY = 90 * 86_400
PAUSE = 14 * 86_400
LONGEST_UNIT = 365 * 86_400
"""Seconds that a unit of a leased class may last."""


class PriceModel(Protocol):
    def price(self, total: int, published: int, demanded: int) -> int: ...


class Governance(Escrow):
    """`price_models` and `verifiers` are contracts outside the market, by address: register one
    there before the market is told to use it."""

    def __init__(
        self, address: Address, token: Address, decimals: int, time: int, owner: Address
    ) -> None:
        super().__init__(address, token, decimals, time)
        self.owner = owner
        self.pending_owner = ZERO_ADDRESS
        self.guardian = ZERO_ADDRESS
        self.guardian_spent = False
        self.paused_until = 0
        self.suspended: set[tuple[int, int]] = set()
        self.price_models: dict[Address, PriceModel] = {}
        self.courts: dict[Address, tuple[int, int]] = {}
        """Of courts that are contracts: the least window and time for verdicts, in seconds."""
        self.verifiers = {ZERO_ADDRESS: Verifier()}
        self.classes: dict[int, ResourceClass] = {}
        self.totals: defaultdict[int, Totals] = defaultdict(Totals)
        self.runtimes: dict[int, list[bytes]] = {}
        """By class, in order: requests name one by its index."""
        self.terms: dict[int, Terms] = {}

    def price_of(self, resource: int) -> int:
        """The model's price now."""
        self._class(resource)
        return self._price(resource, 0)

    def add_resource_class(
        self,
        sender: Address,
        added: ResourceClass,
        _unit: str = "unit",
        runtime_ids: Sequence[bytes] = (),
    ) -> int:
        self._only_owner(sender)
        self._require_model(added.price_model)
        for value, least, most in (
            (added.floor, 1, MAX_FLOOR),
            (added.stake_per_unit, 1, MAX_PRICE),
            (added.max_task_units, 1, MAX_UNITS),
            (added.runtimes, 0, 0),
            (added.unit_seconds, *((1, LONGEST_UNIT) if added.kind is Kind.LEASED else (0, 0))),
        ):
            require(least <= value <= most, "OutOfBounds", value, least, most)
        resource = len(self.classes) + 1
        for position, runtime_id in enumerate(runtime_ids):
            seen = runtime_id in runtime_ids[:position]
            require(not seen, "RuntimeAlreadyPermitted", resource, runtime_id)
        self.classes[resource] = added._replace(runtimes=len(runtime_ids))
        self.runtimes[resource] = list(runtime_ids)
        return resource

    def permit_runtime(self, sender: Address, resource: int, runtime_id: bytes) -> None:
        self._only_owner(sender)
        found = self._class(resource)
        known = runtime_id in self.runtimes[resource]
        require(not known, "RuntimeAlreadyPermitted", resource, runtime_id)
        self.runtimes[resource].append(runtime_id)
        self.classes[resource] = found._replace(runtimes=found.runtimes + 1)

    def set_runtime_suspended(
        self, sender: Address, resource: int, runtime: int, suspended: bool
    ) -> None:
        self._only_owner(sender)
        known = runtime < self._class(resource).runtimes
        require(known, "UnknownRuntime", resource, runtime)
        (self.suspended.add if suspended else self.suspended.discard)((resource, runtime))

    def set_price_model(self, sender: Address, resource: int, model: Address) -> None:
        self._only_owner(sender)
        self._require_model(model)
        self.classes[resource] = self._class(resource)._replace(price_model=model)

    def retire_resource_class(self, sender: Address, resource: int) -> None:
        self._only_owner(sender)
        self.classes[resource] = self._open_class(resource)._replace(retired=True)

    def add_terms(self, sender: Address, added: Terms) -> int:
        self._only_owner(sender)
        self._require_recipient(added.treasury)
        self._require_recipient(added.reward_pool)
        require(added.court != self.address, "InvalidRecipient", added.court)
        least_window, least_verdict_by = self._least_times(added.court)
        verifier = added.identity_verifier
        require(verifier in self.verifiers, "NotAContract", verifier)
        for value, minimum, maximum in (
            (added.fee_bps, 0, MAX_FEE_BPS),
            (added.challenge_window, least_window, CHALLENGE_WINDOWS[1]),
            (added.verdict_by, least_verdict_by, MAX_VERDICT_BY),
            (added.release_bps, 0, BPS),
            (added.default_bps, added.release_bps, BPS),
            (added.overturn_bps, added.default_bps, BPS),
            (added.court_bps, 0, BPS),
        ):
            require(minimum <= value <= maximum, "OutOfBounds", value, minimum, maximum)
        self.terms[len(self.terms) + 1] = added
        return len(self.terms)

    def _least_times(self, court: Address) -> tuple[int, int]:
        if court == ZERO_ADDRESS:
            return CHALLENGE_WINDOWS[0], 0
        window, verdict_by = self.courts.get(court, (0, 0))
        return max(window, CHALLENGE_WINDOWS[0]), max(verdict_by, MIN_VERDICT_BY)

    def retire_terms(self, sender: Address, terms: int) -> None:
        self._only_owner(sender)
        self.terms[terms] = self._open_terms(terms)._replace(retired=True)

    def set_guardian(self, sender: Address, guardian: Address) -> None:
        self._only_owner(sender)
        self.guardian, self.guardian_spent = guardian, False

    @property
    def paused(self) -> bool:
        return self.time <= self.paused_until

    def pause(self, sender: Address) -> None:
        """By the owner as often as it likes, by the guardian once for each appointment."""
        if sender != self.owner:
            require(sender == self.guardian, "NotOwnerOrGuardian", sender)
            require(not self.guardian_spent, "GuardianSpent", sender)
            self.guardian_spent = True
        self.paused_until = self.time + PAUSE

    def unpause(self, sender: Address) -> None:
        self._only_owner(sender)
        require(self.paused, "ExpectedPause")
        self.paused_until = 0

    def transfer_ownership(self, sender: Address, to: Address) -> None:
        """Takes effect when `to` accepts."""
        self._only_owner(sender)
        self.pending_owner = to

    def accept_ownership(self, sender: Address) -> None:
        require(sender == self.pending_owner, "OwnableUnauthorizedAccount", sender)
        self.owner, self.pending_owner = sender, ZERO_ADDRESS

    def renounce_ownership(self, sender: Address) -> None:
        self._only_owner(sender)
        self.owner = self.pending_owner = ZERO_ADDRESS

    def _price(self, resource: int, own_units: int) -> int:
        """Units of the request being priced don't count as demand."""
        totals = self.totals[resource]
        model = self.price_models[self.classes[resource].price_model]
        return model.price(totals.registered, totals.published, totals.demanded - own_units)

    def _class(self, resource: int) -> ResourceClass:
        require(resource in self.classes, "UnknownResource", resource)
        return self.classes[resource]

    def _open_class(self, resource: int) -> ResourceClass:
        found = self._class(resource)
        require(not found.retired, "ResourceRetired", resource)
        return found

    def _deal_class(self, resource: int) -> ResourceClass:
        """A class in which deals can be made."""
        found = self._open_class(resource)
        require(found.kind == Kind.JUDGED, "ResourceLeased", resource)
        return found

    def _open_terms(self, terms: int) -> Terms:
        require(terms in self.terms, "UnknownTerms", terms)
        require(not self.terms[terms].retired, "RetiredTerms", terms)
        return self.terms[terms]

    def _only_owner(self, sender: Address) -> None:
        require(sender == self.owner, "OwnableUnauthorizedAccount", sender)

    def _when_not_paused(self) -> None:
        require(not self.paused, "EnforcedPause")

    def _require_model(self, model: Address) -> None:
        require(model in self.price_models, "NotAContract", model)

    @staticmethod
    def _require_total(total: int) -> None:
        """A class's totals have 80 bits."""
        require(total <= MAX_TOTAL, "SafeCastOverflowedUintDowncast", 80, total)
