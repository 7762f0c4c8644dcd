"""Votes, what they find, and appeals."""

from collections import Counter

from suanli.model.court.cases import Cases
from suanli.model.court.state import (
    APPEALED,
    FIRST,
    LEAF_BYTES,
    LOST,
    REDRAWN,
    UNHAD,
    Ballot,
    Case,
    vote_of,
)
from suanli.protocol import (
    ZERO_DIGEST,
    Address,
    CaseOutcome,
    CasePhase,
    Request,
    leaf_commitment,
    require,
    vote_commitment,
)


class Voting(Cases):
    def commit_vote(self, sender: Address, case_id: bytes, index: int, commitment: bytes) -> None:
        case = self._require_case(case_id, CasePhase.VOTING)
        ballot = case.round.ballot
        juror = self._juror_of(case, index)
        require(sender == juror, "NotJuror", sender, juror)
        cleared = commitment[:-1] + bytes([commitment[-1] & 0xFE])
        require(cleared != ZERO_DIGEST, "NothingCommitted")
        voted = index in ballot.commitments or index in ballot.seized
        require(not voted, "VotedAlready", case_id, index)
        ballot.commitments[index] = cleared
        if len(ballot.commitments) == len(case.round.seats):
            self._end_voting(case)

    def seize_seat(
        self, sender: Address, case_id: bytes, index: int, leaf: bytes, trace: bytes, salt: bytes
    ) -> None:
        case = self._require_case(case_id, CasePhase.VOTING, CasePhase.SHOWING)
        self._require_vote(case, index, leaf, trace, salt)
        seat = self.seats[case.round.seats[index]]
        stake = self.stake_of(seat)
        seat.penalties = LOST
        self._retire(seat)
        self._forfeit(seat, stake, finder=sender)
        ballot = case.round.ballot
        del ballot.commitments[index]
        ballot.seized.add(index)

    def show_leaf(
        self, sender: Address, request: Request, case_id: bytes, leaf: bytes, salt: bytes
    ) -> None:
        case = self._require_own(request, case_id)
        self._require_phase(case, CasePhase.SHOWING)
        require(sender == case.filer, "NotFiler", sender, case.filer)
        fits = leaf_commitment(case.filer, leaf, salt) == case.commitment
        require(fits, "NotCommitted", case.commitment)
        docket = self.dockets[case.request_id]
        if not docket.noted:
            self.market.note_reveal(self.address, request)
            docket.noted = True
        case.shown, case.leaf = True, leaf
        self._begin_revealing(case)

    def reveal_vote(
        self, _sender: Address, case_id: bytes, index: int, leaf: bytes, trace: bytes, salt: bytes
    ) -> None:
        case = self._require_case(case_id, CasePhase.REVEALING)
        self._require_vote(case, index, leaf, trace, salt)
        ballot = case.round.ballot
        ballot.votes[index] = vote_of(leaf, trace)
        if len(ballot.votes) == len(ballot.commitments):
            self._count(case)

    def appeal(self, sender: Address, case_id: bytes, secret: bytes) -> None:
        case = self._require_case(case_id, CasePhase.DECIDED)
        by_miner = self._party(sender, case)
        require(case.filer != self._miner_of(case), "NotParty", sender)
        lost = case.outcome in (
            CaseOutcome.NONE,
            *((CaseOutcome.STANDS,) if not by_miner else LOST_BY_MINER),
        )
        require(lost, "NotLoser", sender, case.outcome)
        require(not case.appealed, "AlreadyDone", case_id, case.appellant)
        require(secret != ZERO_DIGEST, "NothingCommitted")
        fee = self.fee_of(self.rules.appeal_jury, case.miner_id)
        deposit = 2 * self.rules.bond + fee
        self._lock(sender, deposit)
        case.appellant, case.appeal_deposit, case.appeal_fee = sender, deposit, fee
        case.appealed_by_miner = by_miner
        self._begin_round(case, APPEALED, self.rules.appeal_jury, {by_miner: secret})

    def _juror_of(self, case: Case, index: int) -> Address:
        require(index < len(case.round.seats), "NoSuchSeat", case.case_id, index)
        return self.seats[case.round.seats[index]].juror

    def _require_vote(self, case: Case, index: int, leaf: bytes, trace: bytes, salt: bytes) -> None:
        self._juror_of(case, index)
        ballot = case.round.ballot
        there = index in ballot.commitments and index not in ballot.votes
        require(there, "NoVote", case.case_id, index)
        number, second = case.round.number, len(case.round.ballots) == 2
        shown = vote_commitment(case.case_id, number, second, index, leaf, trace, salt)
        committed = ballot.commitments[index]
        require(shown == committed, "NotCommitted", committed)

    def _begin_voting(self, case: Case) -> None:
        case.phase, case.deadline = CasePhase.VOTING, self.time + self.rules.vote

    def _end_voting(self, case: Case) -> None:
        if not case.round.ballot.commitments:
            self._count(case)
        elif case.shown:
            self._begin_revealing(case)
        else:
            case.phase, case.deadline = CasePhase.SHOWING, self.time + self.rules.step

    def _begin_revealing(self, case: Case) -> None:
        case.phase, case.deadline = CasePhase.REVEALING, self.time + self.rules.step

    def _count(self, case: Case) -> None:
        """All that will be revealed is."""
        drawn = case.round
        votes = Counter(drawn.ballot.votes.values())
        unhad = 2 * votes[UNHAD] >= len(drawn.seats) > 0
        if unhad and len(drawn.ballots) == 1:
            case.phase, case.deadline = CasePhase.CURING, self.time + self.rules.cure
            return
        drawn.counted = True
        if unhad:
            drawn.outcome, drawn.found = CaseOutcome.UNAVAILABLE, UNHAD
        else:
            self._find(case, votes)
        self._end_round(case)

    def _find(self, case: Case, votes: Counter[tuple[bytes, int]]) -> None:
        drawn = case.round
        for vote, count in votes.items():
            if 2 * count > len(drawn.seats):
                drawn.found = vote
                right = vote[0] == case.miner_leaf[:LEAF_BYTES]
                drawn.outcome = CaseOutcome.STANDS if right else CaseOutcome.WRONG

    def _end_round(self, case: Case) -> None:
        """By its votes, or because it could not be seated or drawn."""
        drawn = case.round
        if drawn.outcome != CaseOutcome.NONE:
            case.deciding = drawn
        elif drawn.number == FIRST:
            self._begin_round(case, REDRAWN, drawn.jury, {})
            return
        case.phase, case.deadline = CasePhase.DECIDED, self.time + self.rules.step
        if case.appealed:
            case.deadline = self.time

    def _second_ballot(self, case: Case) -> None:
        case.round.ballots.append(Ballot())
        self._begin_voting(case)


LOST_BY_MINER = (CaseOutcome.WRONG, CaseOutcome.UNAVAILABLE)
