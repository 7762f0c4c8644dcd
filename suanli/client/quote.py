"""What a job would cost: at worst, and as far as a few tasks that ran here tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from suanli.client.plan import Candidate, Need, Plan
from suanli.client.terms import Signable
from suanli.job import Estimate, Job
from suanli.protocol import Scale, clear


@dataclass(frozen=True)
class CourtQuote:
    """What a court can judge in one deal, what a challenge, and an appeal, hold until they are
    over, and what a juror gets; now, and in base units."""

    value: int
    deposit: int
    appeal: int
    fee: int


@dataclass(frozen=True)
class JobQuote:
    """What a job would cost; amounts in base units, `price`, the model's, in 10^-18 token a unit.

    `worst`: locked if all tasks are placed, None if some can't be; `expected`: None if no task
    ended here in time; `audited`: tasks that are run again here, as is expected of those that can
    be placed now. `wallet`, `available`: what the account has, at its address and in the
    market; `court`: None if it takes no challenges from here. `limit_told`: how the limit came
    about if the job file names none, else empty.
    """

    job: Job
    price: int
    plan: Plan
    candidates: tuple[Candidate, ...]
    need: Need
    terms: Signable
    estimate: Estimate | None
    limit_told: str
    worst: int | None
    expected: int | None
    audited: float
    wallet: int
    available: int
    court: CourtQuote | None = None

    @property
    def reasons(self) -> list[str]:
        """For each offer that gets nothing, why."""
        lines = self.plan.objections.items()
        return [f"{miner}: {why}" for miner, why in lines] or ["there are no offers"]


def worst_cost(placed: Plan) -> int | None:
    """Base units that are locked if all is placed; None if there is no offer for some tasks."""
    return None if placed.least is None else placed.lock + placed.least


def expected_cost(
    placed: Plan, offers: Sequence[Candidate], need: Need, found: Estimate | None, scale: Scale
) -> int | None:
    """Base units for what tasks used here, at the price that each deal would clear at; tasks that
    must wait as if the cheapest offer took them."""
    mean = found.mean_units(need.units) if found else None
    if mean is None or placed.least is None:
        return None
    asks = {offer.miner: offer.ask for offer in offers}
    total = ceil(placed.least * mean / need.units)
    for part in placed.parts:
        price = clear(need.price, asks[part.miner], part.bid)
        total += scale.value_up(ceil(len(part.tasks) * mean), price)
    return total
