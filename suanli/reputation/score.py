"""How far a miner's record on the chain speaks for it: pure. docs/reputation.md has the reasons.

merit   what its deals paid in fees in its present tenure, net of rewards; of each requester's fees
        no more than half of all that this requester paid to anybody
blame   a share of what the deals were worth that it released, defaulted or lost to a verdict
net     merit - blame
unit    a tenth of what a job may cost: the usual fees of ten such jobs
score   NEWCOMER + (1 - NEWCOMER) * net / (net + unit)   with net >= 0
        NEWCOMER * unit / (unit - net)                   below

What is old counts less, merit sooner than blame. All amounts are base units, times seconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from math import fsum
from typing import Any

NEWCOMER = 0.1
"""The score of whoever has neither merit nor blame."""
MOST_OF_A_REQUESTER = 1 / 2
"""Who buys from one miner alone may be that miner; who buys from several is a witness."""
DAY = 86_400
MERIT_HALVES, BLAME_HALVES = 90 * DAY, 360 * DAY
"""Until what is done counts half."""
UNIT = 1 / 10
"""Of what a job may cost: so much merit puts a score half way from a newcomer's to 1."""
WEIGHT = 0.0025
"""How much dearer and slower a newcomer counts than a miner of score 1, unless told otherwise: a
quarter of the usual fee of 1 %, so that a bought score costs more than it can bring."""


class MarkKind(IntEnum):
    """What a log says of a miner; these numbers are kept in files."""

    PAID = 1
    REWARDED = 2
    RELEASED = 3
    DEFAULTED = 4
    OVERTURNED = 5


BLAME = {MarkKind.RELEASED: 0.01, MarkKind.DEFAULTED: 0.05, MarkKind.OVERTURNED: 0.20}
"""Of a deal's worth: as much as the usual fees of 1, 5 and 20 such deals."""


@dataclass(frozen=True)
class Mark:
    """One log of `miner`, by number. `amount`: the fee that a deal paid, a reward, or what the deal
    that failed could have paid at most. `current`: of the miner's present tenure."""

    kind: MarkKind
    miner: int
    requester: str
    amount: float
    time: int
    current: bool = True


@dataclass(frozen=True)
class MinerRecord:
    """Of one miner, as it counts now."""

    merit: float = 0.0
    blame: float = 0.0

    def score(self, cost: float) -> float:
        """For a job that may cost so much; above 0 and at most 1."""
        unit, net = max(1.0, UNIT * cost), self.merit - self.blame
        if net < 0:
            return NEWCOMER * unit / (unit - net)
        return NEWCOMER + (1 - NEWCOMER) * net / (net + unit)


def burden(score: float, weight: float) -> float:
    """How many times dearer and slower a miner of this score counts than it says: from 1 at score
    1 to `1 + weight` at a newcomer's, and below that as many times more as the score is lower. With
    a weight of 0 scores don't count."""
    if not weight:
        return 1.0
    least = max(score, NEWCOMER)
    return (1 + weight * (1 - least) / (1 - NEWCOMER)) * (least / score)


def records(marks: Iterable[Mark], now: int) -> dict[int, MinerRecord]:
    """Of all miners of whom there are marks, by number."""
    here, of_requester = _Sums(), _Sums()
    fees, rewards, blame = _Sums(), _Sums(), _Sums()
    numbers = set()
    for mark in marks:
        numbers.add(mark.miner)
        if mark.kind is MarkKind.PAID:
            fee = _faded(mark, now, MERIT_HALVES)
            fees.add(mark.miner, fee)
            of_requester.add(mark.requester, fee)
            if mark.current:
                here.add((mark.miner, mark.requester), fee)
        elif mark.kind is MarkKind.REWARDED:
            rewards.add(mark.miner, _faded(mark, now, MERIT_HALVES))
        else:
            blame.add(mark.miner, BLAME[mark.kind] * _faded(mark, now, BLAME_HALVES))
    counted = _Sums()
    for (miner, requester), fee in here.all().items():
        counted.add(miner, min(fee, MOST_OF_A_REQUESTER * of_requester[requester]))
    return {
        number: MinerRecord(_kept(rewards[number], fees[number]) * counted[number], blame[number])
        for number in numbers
    }


def _faded(mark: Mark, now: int, halves: int) -> float:
    return float(mark.amount * 2.0 ** (-max(0, now - mark.time) / halves))


def _kept(rewards: float, fees: float) -> float:
    """The share of fees that no reward gave back."""
    return max(0.0, 1 - rewards / fees) if fees else 0.0


class _Sums:
    """By key; the same whatever the order in which they are added up."""

    def __init__(self) -> None:
        self._parts: defaultdict[Hashable, list[float]] = defaultdict(list)

    def add(self, key: Hashable, amount: float) -> None:
        self._parts[key].append(amount)

    def __getitem__(self, key: Hashable) -> float:
        return fsum(self._parts.get(key, ()))

    def all(self) -> dict[Any, float]:
        return {key: fsum(parts) for key, parts in self._parts.items()}
