"""What a simulation of a court is of. Prices and amounts are tokens, as decimal numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass(frozen=True)
class MinerCounts:
    """How many miners do what. `honest` ones compute. `lazy` ones make up a tenth of their
    results, `cheating` ones all; `withholding` ones hand in a root and nothing else, `late` ones
    work, but serve the data only when jurors ask for it; `colluding` ones cheat, and have jurors
    that are their friends."""

    honest: int = 100
    lazy: int = 0
    cheating: int = 0
    withholding: int = 0
    late: int = 0
    colluding: int = 0


@dataclass(frozen=True)
class RequesterCounts:
    """How many requesters do what. `honest` ones audit, and challenge what they find wrong.
    `careless` ones accept whatever comes. `quarrelsome` ones challenge one right result of four.
    `colluding` ones challenge each, and have jurors that are their friends."""

    honest: int = 100
    careless: int = 0
    quarrelsome: int = 0
    colluding: int = 0


@dataclass(frozen=True)
class JurorCounts:
    """How many seats vote how. `honest` ones run the task, but for an hour of being away. `lazy`
    ones say that they can't have the data, `absent` ones say nothing. `colluding` ones see the
    whole jury and lie for their friends if they have a majority, else vote as the honest do."""

    honest: int = 300
    lazy: int = 0
    absent: int = 0
    colluding: int = 0


@dataclass(frozen=True)
class CourtScenario:
    """`tasks`: of a deal, one of these by chance; a task has `units_per_task` units. `price`,
    `stake`, `cost`, `value`: of a unit, tokens; what it is sold for, pledged, costs to compute, and
    is worth. `audit`: what requesters ask for, as `--audit`. `away`: the chance that an honest
    juror shows no vote; `flips`: that an honest miner's result of a task is wrong all the same.
    `seat`: stake of a seat."""

    name: str
    about: str
    days: float = 180.0
    deals_a_day: float = 20.0
    tasks: tuple[int, ...] = (1, 10, 100)
    units_per_task: int = 1
    price: float = 1.0
    stake: float = 2.0
    cost: float = 0.3
    value: float = 1.5
    audit: float = 0.05
    away: float = 0.02
    flips: float = 1e-6
    seat: float = 100.0
    step: float = 180.0
    """Minutes."""
    fee_bps: int = 100
    miners: MinerCounts = field(default_factory=MinerCounts)
    requesters: RequesterCounts = field(default_factory=RequesterCounts)
    jurors: JurorCounts = field(default_factory=JurorCounts)

    @property
    def steps(self) -> int:
        return math.ceil(self.days * 24 * 60 / self.step)
