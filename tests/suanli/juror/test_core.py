"""What a juror decides, case by case."""

from pathlib import Path

import pytest

from suanli.juror import core as c
from suanli.protocol import CasePhase
from tests.suanli.juror.double import (
    BEGIN,
    CASE,
    RIGHT,
    STEP,
    VOTE,
    CourtDouble,
    Killed,
    Player,
)

V, S, R = CasePhase.VOTING, CasePhase.SHOWING, CasePhase.REVEALING


@pytest.fixture
def court() -> CourtDouble:
    return CourtDouble()


@pytest.fixture
def player(tmp_path: Path, court: CourtDouble) -> Player:
    return Player(tmp_path, court)


def acts(player: Player) -> list[str]:
    return [str(send.act) for send in player.sent]


def whole(player: Player, court: CourtDouble) -> None:
    """A case from the draw to the verdict, seen every two seconds."""
    now = player.now
    end = court.deadline + 60
    while now < end:
        if court.phase is V and len(court.hidden) == len(court.mine):
            court.go(S, now + STEP)
        elif court.phase is S:
            court.go(R, now + STEP)
        elif court.phase is R and len(court.shown) == len(court.mine):
            court.go(CasePhase.DECIDED, now + STEP)
        elif court.phase is CasePhase.DECIDED:
            court.go(CasePhase.UPHELD, 0)
        player.look(now)
        if court.phase is CasePhase.UPHELD:
            return
        now += 2


def test_votes_once_in_all_its_places(player: Player, court: CourtDouble) -> None:
    whole(player, court)
    assert player.judged == 1
    assert acts(player) == ["commit", "commit", "reveal", "reveal"]
    assert court.shown == {0: RIGHT, 2: RIGHT}
    assert player.ballot.stage is c.BallotStage.OVER
    assert player.ballot.reason == ""


def test_killed_anywhere_it_reveals_what_it_committed_to(tmp_path: Path) -> None:
    """Above all between commitment and reveal: the salt is on the disk before anything is sent."""
    kills = 0
    while True:
        folder = tmp_path / str(kills)
        folder.mkdir()
        court = CourtDouble()
        player = None
        try:
            player = Player(folder, court, lives=kills)
            whole(player, court)
            break
        except Killed:
            kills += 1
        if player is None or CASE not in player.core.state.watched:
            continue  # the draw was not written down: the events are read again
        player.lives = None
        player.journal.close()
        player.start()
        player.hear(c.Drawn(player.now, CASE))
        whole(player, court)
        assert court.shown == {0: RIGHT, 2: RIGHT}, kills
    assert kills > 15


def test_a_case_with_a_lost_journal_is_told(tmp_path: Path, court: CourtDouble) -> None:
    court.hidden = {0: b"\x55" * 32, 2: b"\x55" * 32}
    player = Player(tmp_path, court)
    player.look(BEGIN)
    court.go(R, BEGIN + STEP)
    player.look(BEGIN + 2)
    assert player.sent == []
    assert player.judged == 0
    assert player.ballot.reason == "the vote that stands there was cast with another folder"


class TestData:
    def test_is_asked_for_until_the_last_moment_then_voted_unavailable(
        self, player: Player, court: CourtDouble
    ) -> None:
        player.answer = c.Obstacle.DATA
        for now in range(BEGIN, BEGIN + VOTE - 20):
            player.look(now)
        assert 4 <= player.judged <= 6
        assert player.sent == []
        player.look(BEGIN + VOTE - 20)
        assert acts(player) == ["commit", "commit"]
        court.go(R, BEGIN + VOTE + STEP)
        player.look(BEGIN + VOTE)
        assert court.shown == {0: c.UNAVAILABLE, 2: c.UNAVAILABLE}

    def test_that_comes_late_is_used(self, player: Player, court: CourtDouble) -> None:
        player.answer = c.Obstacle.DATA
        for now in range(BEGIN, BEGIN + 30):
            player.look(now)
        player.answer = RIGHT
        for now in range(BEGIN + 30, BEGIN + 80):
            player.look(now)
        court.go(R, BEGIN + VOTE + STEP)
        player.look(BEGIN + VOTE)
        assert court.shown == {0: RIGHT, 2: RIGHT}

    def test_served_late_is_voted_on_again(self, player: Player, court: CourtDouble) -> None:
        player.answer = c.Obstacle.DATA
        player.look(BEGIN + VOTE - 10)
        court.go(R, BEGIN + VOTE + STEP)
        player.look(BEGIN + VOTE)
        court.go(CasePhase.CURING, BEGIN + 300)
        player.look(BEGIN + 200)
        court.second, court.nonce = True, b"\x77" * 32
        court.hidden, court.shown = {}, {}
        court.go(V, BEGIN + 400)
        player.answer = RIGHT
        player.look(BEGIN + 310)
        court.go(R, BEGIN + 500)
        player.look(BEGIN + 410)
        assert court.shown == {0: RIGHT, 2: RIGHT}
        first = player.core.state.ballots[c.BallotId(CASE, 0, False)]
        assert (first.stage, first.vote) == (c.BallotStage.OVER, c.UNAVAILABLE)


def test_what_this_machine_cant_run_it_does_not_vote_on(player: Player, court: CourtDouble) -> None:
    player.answer = c.Obstacle.MACHINE
    for now in range(BEGIN, BEGIN + VOTE + 10):
        player.look(now)
    court.go(R, BEGIN + VOTE + STEP)
    player.look(BEGIN + VOTE + 11)
    court.go(CasePhase.REJECTED, 0)
    player.look(BEGIN + VOTE + 20)
    assert player.sent == []
    assert (player.ballot.stage, player.ballot.reason) == (c.BallotStage.OVER, "why")


class TestUndoneBlocks:
    def test_a_commitment_is_sent_again(self, player: Player, court: CourtDouble) -> None:
        player.look(BEGIN)
        court.hidden = {}
        player.look(BEGIN + 12)
        assert acts(player) == ["commit"] * 4
        player.look(BEGIN + 14)
        assert player.ballot.stage is c.BallotStage.COMMITTED

    def test_another_draw_is_another_vote(self, player: Player, court: CourtDouble) -> None:
        player.look(BEGIN)
        court.hidden, court.nonce = {}, b"\x66" * 32
        player.look(BEGIN + 2)
        assert player.judged == 2
        first, second = player.sent[0], player.sent[2]
        assert first.salt != second.salt

    def test_votes_are_not_shown_before_revealing_is_settled(
        self, player: Player, court: CourtDouble
    ) -> None:
        player.look(BEGIN)
        court.go(R, BEGIN + STEP)
        court.is_settled = False
        player.look(BEGIN + 2)
        assert acts(player) == ["commit", "commit"]
        court.is_settled = True
        player.look(BEGIN + 4)
        assert acts(player) == ["commit", "commit", "reveal", "reveal"]

    def test_a_verdict_that_is_undone_is_gone_back_from(
        self, player: Player, court: CourtDouble
    ) -> None:
        whole(player, court)
        del court.shown[2]
        court.go(R, player.now + STEP)
        player.look(player.now + 20)
        assert court.shown == {0: RIGHT, 2: RIGHT}
        assert player.ballot.stage is c.BallotStage.COMMITTED
        player.look(player.now + 2)
        assert player.ballot.stage is c.BallotStage.REVEALED


def test_what_anybody_may_do_is_done_when_nobody_does(player: Player, court: CourtDouble) -> None:
    player.look(BEGIN)
    court.go(CasePhase.DECIDED, BEGIN + STEP)
    for now in range(BEGIN, BEGIN + STEP + 30):
        player.look(now)
    assert court.advanced == 0
    for now in range(BEGIN + STEP + 30, BEGIN + STEP + 130):
        player.look(now)
    assert court.advanced > 0


def test_a_final_case_is_forgotten_later(player: Player, court: CourtDouble) -> None:
    whole(player, court)
    player.look(player.now + c.KEPT - 1)
    assert CASE in player.core.state.watched
    player.look(player.now + 2)
    assert player.core.state.watched == {}
    assert player.journal.load(player.core.state.settings).watched == {}


def test_leaving_takes_all_steps_in_order(player: Player, court: CourtDouble) -> None:
    whole(player, court)
    player.hear(c.LeaveAsked(player.now))
    for now in range(player.now, 2_020):
        court.seats = {at: seat._replace(sitting=0) for at, seat in court.seats.items()}
        player.look(now)
    assert acts(player)[4:] == ["leave", "vacate", "withdraw"]
    assert (court.seats, court.credit, player.left) == ({}, 0, True)


def test_what_it_has_earned_is_withdrawn_from_an_amount_on(tmp_path: Path) -> None:
    court = CourtDouble()
    player = Player(tmp_path, court)
    court.credit = 99
    object.__setattr__(
        player.core.state, "settings", c.JurorSettings("0x" + "11" * 20, collect_at=100)
    )
    player.look(BEGIN)
    assert court.credit == 99
    court.credit = 100
    player.look(BEGIN + 1)
    assert court.credit == 0
