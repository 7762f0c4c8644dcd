"""Cases before jurors of all kinds: who votes what, who is paid, and who pays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from random import Random
from typing import NamedTuple

from suanli.simulate.court.books import SINK, Books, Who
from suanli.simulate.court.rules import MOST_DEARER, DealFacts, RulesInTokens

VOTE_GAS, FILING_GAS, DEFENCE_GAS, GAS = 0.6, 1.7, 0.7, 0.4
"""180,000, 510,000 and 210,000 gas, of the 300,000 whose price is `GAS` of a juror's fee."""
ROUND_DAYS = 3
"""Until a first verdict, and again until that of an appeal."""


class SeatVote(Enum):
    WRONG = auto()
    RIGHT = auto()
    UNAVAILABLE = auto()
    ABSENT = auto()


LEAVES = SeatVote.WRONG, SeatVote.RIGHT


@dataclass(frozen=True)
class SimulatedCase:
    """`truth`: whether what the miner handed in is wrong or withheld. A party is `friendly` if
    colluding jurors are its friends. `slash`: what the market would take."""

    deal: DealFacts
    truth: SeatVote
    filer: Who
    miner: Who
    slash: float
    friendly_filer: bool = False
    friendly_miner: bool = False

    def party(self, found: SeatVote | None) -> tuple[Who, SeatVote, bool]:
        """Who loses by this, what it wanted, and whether it has friends. Without a majority a deal
        is paid, so that the filer does."""
        if found == SeatVote.WRONG:
            return self.miner, SeatVote.RIGHT, self.friendly_miner
        return self.filer, SeatVote.WRONG, self.friendly_filer

    @property
    def wanted(self) -> SeatVote | None:
        """By colluding jurors."""
        if self.friendly_filer:
            return SeatVote.WRONG
        return SeatVote.RIGHT if self.friendly_miner else None


class JuryBallot(NamedTuple):
    seats: Sequence[int]
    votes: Sequence[SeatVote]
    found: SeatVote | None

    def voted(self) -> list[tuple[int, SeatVote]]:
        return list(zip(self.seats, self.votes, strict=True))


class CaseRuling(NamedTuple):
    """`found`: None if no jury had a majority. `seats` sit until `days` later."""

    found: SeatVote | None
    seats: Sequence[int]
    days: int


class Courtroom:
    """`kinds`: how each seat votes; `away`: the chance that an honest juror shows no vote; `cost`:
    of running a unit."""

    def __init__(
        self, rules: RulesInTokens, kinds: Sequence[str], away: float, cost: float, chance: Random
    ) -> None:
        self.rules, self.kinds, self.away, self.cost = rules, list(kinds), away, cost
        self.sitting: Counter[int] = Counter()
        self._chance = chance
        self._fee = float(rules.seat_fee)

    @property
    def dearer(self) -> float:
        """By how much the fee for a jury."""
        places = len(self.kinds) * self.rules.cases_per_seat
        free = max(places - self.sitting.total(), 1)
        return min(float(MOST_DEARER), (places / free) ** 2)

    def judge(self, case: SimulatedCase, books: Books) -> CaseRuling:
        """All of it; what each gains or loses by it is in the books when this returns."""
        deposit = float(self.rules.bond) + self._jury_fee(self.rules.first_jury(case.deal))
        ballots = self._first(case, books)
        found, days = ballots[-1].found, ROUND_DAYS
        loser, wanted, friendly = case.party(found)
        appellant, lost_appeal = None, 0.0
        if wanted == case.truth or friendly:
            appellant, days = loser, 2 * ROUND_DAYS
            ballots.append(self._ballot(case, self.rules.appeal_jury, ballots, books))
            if ballots[-1].found not in (None, found):
                found = ballots[-1].found
            elif ballots[-1].found is not None:
                lost_appeal = 2 * float(self.rules.bond) + self._jury_fee(self.rules.appeal_jury)
        paid = sum(self._assess(ballot, found, books) for ballot in ballots)
        if appellant and lost_appeal:
            books.pay(appellant, SINK, lost_appeal)
        if found == SeatVote.WRONG:
            self._upheld(case, max(paid - lost_appeal, 0.0), books)
        elif found == SeatVote.RIGHT:
            books.pay(case.filer, SINK, deposit)
            left = max(deposit + lost_appeal - paid, 0.0)
            due = float(self.rules.delay(case.deal, days))
            books.pay(SINK, case.miner, min(due, left))
        else:
            books.pay(case.filer, SINK, paid)
        seats = [seat for ballot in ballots for seat in ballot.seats]
        return CaseRuling(found, seats, days)

    def _jury_fee(self, seats: int) -> float:
        return seats * self._fee * self.dearer

    def _upheld(self, case: SimulatedCase, paid: float, books: Books) -> None:
        """`paid`: to jurors, out of the filer's deposit; it gets that back of the slash first."""
        books.pay(case.filer, SINK, paid)
        books.pay(case.miner, SINK, case.slash)
        received = case.slash * self.rules.court_bps / 10_000
        refund = min(paid, received)
        reward = min(float(self.rules.reward_cap), received - refund)
        books.pay(SINK, case.filer, refund + reward)

    # Juries

    def _first(self, case: SimulatedCase, books: Books) -> list[JuryBallot]:
        """One, or a second if that had no majority."""
        size = self.rules.first_jury(case.deal)
        ballots = [self._ballot(case, size, [], books)]
        if ballots[0].found is None:
            ballots.append(self._ballot(case, size, ballots, books))
        return ballots

    def _ballot(
        self, case: SimulatedCase, size: int, before: Sequence[JuryBallot], books: Books
    ) -> JuryBallot:
        """Without free seats a case waits, and then ends without a majority."""
        sat = {seat for ballot in before for seat in ballot.seats}
        free = [
            seat
            for seat in range(len(self.kinds))
            if seat not in sat and self.sitting[seat] < self.rules.cases_per_seat
        ]
        if len(free) < size:
            return JuryBallot((), (), None)
        seats = self._chance.sample(free, size)
        friends = sum(self.kinds[seat] == "colluding" for seat in seats)
        lie = case.wanted if friends > size // 2 else None
        votes = [self._vote(seat, lie, case, books) for seat in seats]
        best = max(LEAVES, key=votes.count)
        return JuryBallot(seats, votes, best if votes.count(best) > size // 2 else None)

    def _vote(self, seat: int, lie: SeatVote | None, case: SimulatedCase, books: Books) -> SeatVote:
        """Colluders see who sits with them."""
        kind, who = self.kinds[seat], ("juror", self.kinds[seat])
        if kind == "absent" or (kind == "honest" and self._chance.random() < self.away):
            return SeatVote.ABSENT
        books.spend(who, VOTE_GAS * GAS * self._fee)
        if kind == "lazy":
            return SeatVote.UNAVAILABLE
        if kind == "colluding" and lie is not None:
            return lie
        books.spend(who, self.cost * case.deal.units / case.deal.tasks)
        return case.truth

    def _assess(self, ballot: JuryBallot, found: SeatVote | None, books: Books) -> float:
        """Fees of who agrees with what was found in the end, penalties of who does not, and the
        seats of a majority that an appeal reversed. What was paid."""
        paid, unheard = 0.0, ballot.votes.count(SeatVote.UNAVAILABLE) * 2 >= len(ballot.votes)
        for seat, vote in ballot.voted():
            who, loss = ("juror", self.kinds[seat]), 0.0
            if vote in LEAVES and found in (None, vote):
                books.pay(SINK, who, self._fee)
                paid += self._fee
            elif vote in LEAVES and vote == ballot.found:
                loss = 1.0
            elif vote in LEAVES or vote == SeatVote.ABSENT or (unheard and found is not None):
                loss = self.rules.penalty_bps / 10_000
            books.pay(who, SINK, loss * float(self.rules.seat_stake))
        return paid
