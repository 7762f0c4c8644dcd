"""What a case costs whom, by a court's parameters. Amounts are tokens, as fractions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

BPS = 10_000
DAY = 86_400
MOST_DEARER = 16
"""How many times the fee for a jury gets dearer, at most, when few places are free."""


@dataclass(frozen=True)
class DealFacts:
    """The deal that a case is about. `units` of all `tasks`; `price` and `stake`: tokens a unit."""

    tasks: int
    units: int
    price: Fraction = Fraction(1)
    stake: Fraction = Fraction(2)

    @property
    def pay(self) -> Fraction:
        return self.units * self.price

    @property
    def collateral(self) -> Fraction:
        return self.units * self.stake

    @property
    def at_risk(self) -> Fraction:
        """What a verdict can move."""
        return self.pay + self.collateral


@dataclass(frozen=True)
class RulesInTokens:
    """A court's parameters by their names in `contracts/types/CourtRules.sol`, but in tokens; with
    what the terms add. The defaults are those of a local chain; docs/verification.md has the
    reasons."""

    jury: int = 3
    large_jury: int = 9
    appeal_jury: int = 27
    cases_per_seat: int = 2
    cover_bps: int = 15_000
    penalty_bps: int = 100
    least_slash_bps: int = 5_000
    cure_slash_bps: int = 1_000
    slash_factor: int = 5
    delay_rate: Fraction = Fraction(23_148_148_148, 10**18)
    """Of a deal's pay, each second."""
    seat_stake: Fraction = Fraction(100)
    seat_fee: Fraction = Fraction(1, 2)
    bond: Fraction = Fraction(25)
    reward_cap: Fraction = Fraction(3, 2)
    overturn_bps: int = 10_000
    default_bps: int = 3_000
    court_bps: int = 10_000

    def first_jury(self, deal: DealFacts) -> int:
        stake = self.jury * self.seat_stake / self.cases_per_seat
        enough = stake >= share_of(deal.at_risk, self.cover_bps)
        return self.jury if enough else self.large_jury

    def covered(self) -> Fraction:
        """Most at risk in a deal that the small jury judges."""
        return self.jury * self.seat_stake / self.cases_per_seat * BPS / self.cover_bps

    def fee(self, seats: int, occupied: Fraction = Fraction(0)) -> Fraction:
        """For a jury of so many seats; `occupied`: share of all places that are taken, where those
        of cases about the same miner count ten times."""
        dearer = Fraction(MOST_DEARER)
        if occupied < 1:
            dearer = min(dearer, 1 / (1 - occupied) ** 2)
        return seats * self.seat_fee * dearer

    def deposit(self, deal: DealFacts, number: int = 0) -> Fraction:
        """Of a filer's challenge with this number, from 0, while all seats are free."""
        return self.bond * (1 << number) + self.fee(self.first_jury(deal))

    def appeal_deposit(self) -> Fraction:
        return 2 * self.bond + self.fee(self.appeal_jury)

    def delay(self, deal: DealFacts, days: int) -> Fraction:
        """What a miner receives of a lost deposit."""
        return deal.pay * self.delay_rate * days * DAY

    def slash(self, deal: DealFacts, wrong: int) -> Fraction:
        """For so many results that were proven wrong."""
        grown = Fraction(self.slash_factor * wrong * BPS, deal.tasks)
        bps = max(grown, Fraction(self.least_slash_bps), Fraction(self.default_bps))
        return deal.collateral * min(bps, Fraction(self.overturn_bps)) / BPS

    def default(self, deal: DealFacts) -> Fraction:
        """What a miner loses of its stake that hands in nothing."""
        return share_of(deal.collateral, self.default_bps)

    def smallest(self, tasks: int) -> Fraction:
        """Collateral of the smallest deal whose slash for one wrong result pays a small jury and
        its filers."""
        share = self.slash(DealFacts(tasks, tasks), 1) / DealFacts(tasks, tasks).collateral
        return (self.fee(self.jury) + self.reward_cap) / share_of(share, self.court_bps)


def share_of(amount: Fraction, bps: int) -> Fraction:
    return amount * bps / BPS
