"""Who is owed what in a swarm, on both sides: pure, amounts in base units.

A miner begins a task while less is owed than was vouched for, so it loses those that run when the
requester stops signing. A requester vouches for what came and for the tasks that are on their way,
so it loses these when the miner stops serving.
"""

from __future__ import annotations

from dataclasses import dataclass

from suanli.protocol import Scale


@dataclass(frozen=True)
class UnitPrice:
    """`price` in 10^-18 token per unit."""

    scale: Scale
    price: int

    def of(self, units: int) -> int:
        return self.scale.value_up(units, self.price)


@dataclass
class Till:
    """The miner's: `units` billed so far, `paid` the best voucher's amount, of the `deposit` that
    the channel was opened with at most: what was added may be undone."""

    price: UnitPrice
    deposit: int
    units: int = 0
    paid: int = 0
    signature: bytes = b""

    @property
    def owed(self) -> int:
        return self.price.of(self.units)

    @property
    def may_begin(self) -> bool:
        return self.owed < self.paid

    def is_better(self, amount: int) -> bool:
        return self.paid < amount <= self.deposit


@dataclass
class SwarmPurse:
    """The requester's: `units` of all results that came, `signed` the last voucher's amount, `most`
    the units of the greatest task so far."""

    price: UnitPrice
    deposit: int
    units: int = 0
    signed: int = 0
    most: int = 1
    missing: int = 0
    """Units of results that were billed, and lost with a connection: until they come again, the
    miner counts them as owed."""

    def got(self, units: int, again: bool = False) -> None:
        """A result; `again`: it was billed on an earlier connection."""
        self.units += units
        self.most = max(self.most, units)
        if again:
            self.missing = max(0, self.missing - units)

    def met(self, billed: int, tasks: int) -> bool:
        """What the miner says of all that it billed; whether it can be: of so many tasks at most
        the results may have been lost."""
        self.missing = max(0, billed - self.units)
        return self.missing <= self.most * tasks

    def ahead(self, tasks: int) -> int:
        """What so many tasks are expected to cost."""
        return self.price.of(self.most * tasks)

    def next(self, tasks: int) -> int | None:
        """The amount to vouch for, with so many tasks on their way; None: that much is."""
        amount = max(1, self.price.of(self.units + self.missing + self.most * tasks))
        amount = min(amount, self.deposit)
        return amount if tasks and amount > self.signed else None

    @property
    def used_up(self) -> bool:
        """No other task can be paid."""
        return self.price.of(self.units) >= self.deposit
