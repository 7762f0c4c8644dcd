"""How cases go on by themselves, and how they end: who is paid, who pays."""

from suanli.model.court.state import APPEALED, FIRST, LEAF_BYTES, UNHAD, Case, Docket, Round, Vote
from suanli.model.court.voting import Voting
from suanli.protocol import (
    Address,
    Assessment,
    CaseOutcome,
    CasePhase,
    Request,
    require,
)

WHOLE = 10**18

REJECTED, UPHELD = CasePhase.REJECTED, CasePhase.UPHELD
UNDECIDED, VOID = CasePhase.UNDECIDED, CasePhase.VOID


class Court(Voting):
    """A court without a chain, beside the shadow market.

    Every public function of the contract is here under its name in snake case, with the caller as
    the first argument. It does what the contract does, or raises Refused with the error and the
    arguments the contract would revert with, and then nothing has changed. Written from
    docs/SPECIFICATION.md, section 17.
    """

    def advance(self, _sender: Address, request: Request, case_id: bytes) -> None:
        case = self._require_own(request, case_id)
        require(not case.phase.is_final, "WrongPhase", case_id, case.phase)
        if not self._judges(request):
            self._close(case, VOID, "void")
        elif case.phase == CasePhase.QUEUED and self._seatable(case):
            self.waiting -= case.round.jury
            self._seat(case)
        else:
            over = self.time > case.deadline or self._nothing_can_follow(case)
            require(over, "NoStepDue", case_id, case.phase, case.deadline)
            self._time_is_up(case)

    def _nothing_can_follow(self, case: Case) -> bool:
        """An appeal is decided, or no vote is left that could be revealed."""
        ballot = case.round.ballot
        shown = len(ballot.votes) == len(ballot.commitments)
        revealing = case.phase == CasePhase.REVEALING
        return (revealing and shown) or (case.phase == CasePhase.DECIDED and case.appealed)

    def _time_is_up(self, case: Case) -> None:
        match case.phase:
            case CasePhase.QUEUED if case.round.number == FIRST:
                self._close(case, UNDECIDED, "nothing")
            case CasePhase.QUEUED:
                self.waiting -= case.round.jury
                self._end_round(case)
            case CasePhase.ANSWERING:
                self._silent(case, case.round.secrets)
            case CasePhase.DRAWING if len(case.round.shown) == 2:
                self._let_go(case.round)
                self._end_round(case)
            case CasePhase.DRAWING:
                self._silent(case, case.round.shown)
            case CasePhase.VOTING:
                self._end_voting(case)
            case CasePhase.SHOWING:
                self._close(case, REJECTED, "silence")
            case CasePhase.REVEALING:
                self._count(case)
            case CasePhase.CURING:
                self._second_ballot(case)
            case CasePhase.DECIDED:
                self._close(case, *VERDICTS[case.outcome])

    def _let_go(self, drawn: Round) -> None:
        """Of a jury that has too few seats, those that it has."""
        for position in drawn.seats:
            self.seats[position].sitting -= 1
        drawn.seats.clear()

    def _silent(self, case: Case, acted: object) -> None:
        """Filer before miner, if neither did."""
        filer_acted = False in acted  # type: ignore[operator]
        self._close(case, UPHELD if filer_acted else REJECTED, "silence")

    def _close(self, case: Case, phase: CasePhase, decided_by: str) -> None:
        pay = appeal_pay = 0
        for drawn in case.rounds:
            self.occupied -= drawn.places
            self.by_miner[case.miner_id] -= drawn.places
            paid = self._assess(case, drawn, decided_by)
            if drawn.number == APPEALED:
                appeal_pay += paid
            else:
                pay += paid
        if case.phase == CasePhase.QUEUED:
            self.waiting -= case.round.jury
        found = case.deciding.found if case.deciding and decided_by == "jury" else None
        case.cured = found is not None and found != UNHAD and self._was_unavailable(case)
        self._divide(case, phase, decided_by, pay, appeal_pay)
        case.phase, case.deadline = phase, 0
        docket = self.dockets[case.request_id]
        docket.open -= 1
        if phase == VOID:
            docket.finished = True
            return
        docket.cured |= case.cured
        docket.owed += case.owed
        if phase == UPHELD:
            self._uphold(case, docket, decided_by)
        paid_for_jurors = phase == REJECTED and case.cured and case.withheld
        case.claims = phase == UPHELD or paid_for_jurors
        if case.cured or (phase == REJECTED and decided_by == "jury" and case.withheld):
            self._reopen(docket)
        if self._is_done(docket):
            self._finish(case.request, docket)
            if case.claims and docket.finished:
                self.collect(case.filer, case.request_id, case.case_id)

    @staticmethod
    def _was_unavailable(case: Case) -> bool:
        """Half of a jury could not get the data, up to the one that decided."""
        assert case.deciding
        last = case.deciding.number
        return any(len(each.ballots) == 2 for each in case.rounds if each.number <= last)

    def _reopen(self, docket: Docket) -> None:
        until = self.time + self.rules.filing
        if not docket.reopened and until > docket.filing_until:
            docket.reopened, docket.filing_until = True, until

    def _uphold(self, case: Case, docket: Docket, decided_by: str) -> None:
        unavailable = decided_by == "jury" and case.outcome == CaseOutcome.UNAVAILABLE
        if unavailable or (decided_by == "silence" and case.withheld):
            docket.all_wrong = True
        else:
            docket.wrong.add(case.task)
        if unavailable:
            case.right = case.withheld
        elif decided_by == "jury":
            assert case.deciding
            assert case.deciding.found
            case.right = case.leaf[:LEAF_BYTES] == case.deciding.found[0]
        docket.right += case.right
        self._owe_nothing(case.request)

    # Jurors

    def _assess(self, case: Case, drawn: Round, decided_by: str) -> int:
        """Of a round; base units that its jurors are paid."""
        paid = 0
        for index, position in enumerate(drawn.seats):
            seat = self.seats[position]
            seat.sitting -= 1
            match self._assessment(case, drawn, index, decided_by):
                case Assessment.PAID:
                    self.accounts[seat.juror].available += self.rules.seat_fee
                    paid += self.rules.seat_fee
                case Assessment.PENALIZED:
                    self._penalize(seat)
                case Assessment.UNSEATED:
                    self._unseat(seat)
        return paid

    def _assessment(self, case: Case, drawn: Round, index: int, decided_by: str) -> Assessment:
        if decided_by == "void" or not drawn.counted:
            committed = index in drawn.ballot.commitments
            return Assessment.PAID if committed else Assessment.NOTHING
        vote = drawn.ballot.votes.get(index)
        if vote is None:
            return Assessment.PENALIZED
        final = case.deciding if decided_by == "jury" else drawn
        if final is None or final.found is None:
            return Assessment.PAID
        return self._judged(vote, drawn.found, final.found)

    def _judged(self, vote: Vote, found: Vote | None, final: Vote) -> Assessment:
        """A vote by what its round found and what holds."""
        reversed_ = found is not None and found[0] != final[0]
        if reversed_ and vote == found:
            return Assessment.UNSEATED
        if vote == UNHAD:
            return Assessment.PAID if final == UNHAD else Assessment.NOTHING
        if final == UNHAD:
            return Assessment.PAID
        right = vote[0] == final[0] if found is None or reversed_ else vote == found
        return Assessment.PAID if right else Assessment.PENALIZED

    # Deposits

    def _divide(
        self, case: Case, phase: CasePhase, decided_by: str, pay: int, appeal_pay: int
    ) -> None:
        lost = self._lost_by_appellant(case, phase, decided_by, appeal_pay)
        self._unlock(case.appellant, case.appeal_deposit, case.appeal_deposit - lost)
        if phase in (UNDECIDED, VOID):
            drawn = any(each.seats for each in case.rounds if each.number != APPEALED)
            cost = max(pay, case.fee) if drawn else 0
            self._unlock(case.filer, case.deposit, case.deposit - cost)
            self._sink(cost - pay + lost - appeal_pay)
        elif phase == REJECTED and not (case.cured and case.withheld):
            self._split_rejected(case, lost, pay + appeal_pay)
        else:
            by_loser = min(lost, pay + appeal_pay)
            case.owed = pay + appeal_pay - by_loser
            self._unlock(case.filer, case.deposit, case.deposit - case.owed)
            self._sink(lost - by_loser)

    def _lost_by_appellant(
        self, case: Case, phase: CasePhase, decided_by: str, appeal_pay: int
    ) -> int:
        if not case.appealed:
            return 0
        drawn = case.round
        won = phase == (REJECTED if case.appealed_by_miner else UPHELD)
        if decided_by == "silence":
            return 0 if won else case.appeal_deposit
        if won and case.cured and case.appealed_by_miner:
            return max(case.appeal_fee, appeal_pay)
        if not drawn.seats or (won and phase != VOID):
            return 0
        found = decided_by != "void" and drawn.outcome != CaseOutcome.NONE
        return case.appeal_deposit if found else max(case.appeal_fee, appeal_pay)

    def _split_rejected(self, case: Case, lost: int, pay: int) -> None:
        left = case.deposit + lost - pay
        deal = self.market.deal_of(case.request_id)
        due = self.market.scale.value_down(deal.units_used, deal.price)
        seconds = self.time - case.filed_at
        miner = min(due * seconds * self.rules.delay_rate // WHOLE, left // 2)
        self._unlock(case.filer, case.deposit, 0)
        payout = self.market.miners_by_id[case.miner_id - 1].payout
        self.accounts[payout].available += miner
        self._sink(left - miner)

    def _sink(self, amount: int) -> None:
        self.accounts[self.rules.sink].available += amount


VERDICTS = {
    CaseOutcome.NONE: (UNDECIDED, "nothing"),
    CaseOutcome.STANDS: (REJECTED, "jury"),
    CaseOutcome.WRONG: (UPHELD, "jury"),
    CaseOutcome.UNAVAILABLE: (UPHELD, "jury"),
}
