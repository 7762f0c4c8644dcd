"""The daemon before a real court: seats, cases, votes, pay."""

from __future__ import annotations

from dataclasses import replace

import pytest

from suanli.base.accounts import Account
from suanli.chain import Court, Market, Token, creation
from suanli.daemon import NotReady
from suanli.juror import core as c
from suanli.juror.setup import find_court, require_court, seats_taken, take_seats
from suanli.protocol import CasePhase, leaf_hash
from tests.harness.court import QUICK, SECRETS, TOKEN, Trial, sender_of
from tests.harness.local_chain import ALICE, BOB, CAROL, Controls
from tests.suanli.juror.world import SEATS, JudgedWorld, Juror


def judged(juror: Juror, trial: Trial) -> None:
    """From filing to the end of the case."""
    trial.file()
    trial.draw()
    juror.until(lambda: trial.phase is CasePhase.SHOWING)
    trial.show()
    juror.until(lambda: trial.phase is CasePhase.DECIDED)
    juror.pass_time(40)
    juror.until(lambda: trial.phase.is_final)


def test_a_lie_is_found_and_the_juror_paid(world: JudgedWorld, juror: Juror) -> None:
    trial = world.submit(world.lied_about())
    judged(juror, trial)
    assert trial.phase is CasePhase.UPHELD
    assert juror.court.account_of(CAROL.address).available == 5 * TOKEN // 2
    juror.until(lambda: juror.stages == [c.BallotStage.OVER])
    (ballot,) = juror.daemon.core.state.ballots.values()
    assert (ballot.places, ballot.reason) == ((0, 1, 2, 3, 4), "")
    assert ballot.vote is not None
    assert ballot.vote.leaf == leaf_hash(world.right[1])


@pytest.mark.parametrize("ahead", [-86_400.0, 86_400.0])
def test_a_clock_that_is_set_in_the_middle_of_a_case_changes_nothing(
    world: JudgedWorld, juror: Juror, ahead: float
) -> None:
    """It votes and reveals by the chain's time; on a local chain the later of both counts."""
    juror.daemon._clock._local = False
    trial = world.submit(world.lied_about())
    trial.file()
    trial.draw()
    juror.until(lambda: juror.stages)
    juror.ahead = ahead
    juror.until(lambda: trial.phase is CasePhase.SHOWING)
    juror.ahead = -ahead
    trial.show()
    juror.until(lambda: trial.phase is CasePhase.DECIDED)
    juror.pass_time(40)
    juror.until(lambda: trial.phase.is_final)
    assert trial.phase is CasePhase.UPHELD


def test_a_juror_that_slept_past_a_vote_casts_none_and_goes_on(
    world: JudgedWorld, juror: Juror
) -> None:
    trial = world.submit(world.lied_about())
    trial.file()
    trial.draw()
    juror.pass_time(QUICK.vote + 1)
    juror.until(lambda: trial.phase is not CasePhase.VOTING)
    assert all(ballot.vote is None for ballot in juror.daemon.core.state.ballots.values())
    assert juror.daemon.away == {}


def test_both_parties_show_their_secrets_in_one_block(world: JudgedWorld, juror: Juror) -> None:
    """Whichever comes second draws the jury, which its estimate did not know."""
    trial = world.submit(world.lied_about())
    trial.file()
    trial.answer()
    node = world.market.node
    node.request("evm_setAutomine", False)
    senders = [sender_of(world.market, account) for account in (ALICE, BOB)]
    sent = [
        sender.send(juror.court.reveal_secret(trial.case, secret))
        for sender, secret in zip(senders, SECRETS, strict=True)
    ]
    node.request("anvil_mine", "0x1")
    node.request("evm_setAutomine", True)
    for sender, one in zip(senders, sent, strict=True):
        receipt = sender.wait(one)
        assert receipt.succeeded
    assert trial.phase is CasePhase.VOTING


def test_a_right_leaf_stands(world: JudgedWorld, juror: Juror) -> None:
    trial = world.submit(world.right)
    trial = replace(trial, right=replace(world.right[1], digest=b"\x02" * 32))
    judged(juror, trial)
    assert trial.phase is CasePhase.REJECTED


def test_withheld_data_that_is_served_in_time(world: JudgedWorld, juror: Juror) -> None:
    trial = replace(world.submit(world.right), withheld=True)
    digest = juror.claims[0].leaves
    listed = juror.store.get(digest)
    juror.store.delete(digest)
    trial.file()
    trial.draw()
    juror.pass_time(46)
    juror.until(lambda: trial.phase is CasePhase.SHOWING)
    trial.show()
    juror.until(lambda: trial.phase is CasePhase.CURING)
    juror.store.put(listed)
    juror.pass_time(21)
    juror.until(lambda: trial.phase is CasePhase.DECIDED)
    assert juror.court.case_of(trial.case).unavailable
    votes = [ballot.vote for ballot in juror.daemon.core.state.ballots.values()]
    assert votes[0] == c.UNAVAILABLE
    assert votes[1] is not None
    assert votes[1].leaf == leaf_hash(world.right[1])


def test_a_new_folder_finds_its_seats_and_leaves_them(juror: Juror) -> None:
    seats = seats_taken(juror.court, CAROL.address)
    assert len(seats) == SEATS
    juror.daemon.journal.note(leaving=True)
    left = lambda: all(juror.court.seat_of(position).until for position in seats)  # noqa: E731
    juror.until(left)
    juror.pass_time(61)
    token = Token(juror.market.node, juror.market.token())
    before = token.balance_of(CAROL.address)
    juror.until(lambda: juror.daemon._finished)
    assert token.balance_of(CAROL.address) - before == SEATS * 100 * TOKEN
    assert seats_taken(juror.court, CAROL.address) == seats
    assert juror.daemon.journal.fact("positions") == []


def test_a_node_that_is_behind_makes_no_seat_forgotten(juror: Juror) -> None:
    """It shows a block in which the seats were not taken yet."""
    juror.until(lambda: juror.daemon.core.state.view and juror.daemon.core.state.view.seats)
    node = juror.market.node
    port, first = juror.daemon._chain, juror.court.node.first_block_of(juror.court.address)
    behind = node.block(first)
    assert behind is not None
    port._look(behind)
    juror.daemon.work(timeout=0)
    assert juror.daemon.core.state.view.seats == {}
    juror.pass_time(1)
    juror.until(lambda: len(juror.daemon.core.state.view.seats) == SEATS)


def test_seats_that_are_not_covered(courts: tuple[Market, Court, int], juror: Juror) -> None:
    market, court, _ = courts
    token, told = Token(market.node, market.token()), list[str]()
    poor = Account.from_key("77" * 32)
    market.node.request("anvil_setBalance", poor.address, hex(10**18))
    sender = sender_of(market, poor)
    with pytest.raises(NotReady, match="tokens cover 0 of 2 seats, of 100"):
        take_seats(court, token, sender, 2, (), told.append)
    sender.execute(token.faucet(150 * TOKEN))
    take_seats(court, token, sender, 2, (), told.append)
    assert "tokens cover 1 of 2 seats" in told[0]
    assert len(seats_taken(court, poor.address)) == 1
    assert find_court(market).address == court.address


def test_what_only_looks_like_a_court(courts: tuple[Market, Court, int]) -> None:
    """Of its two contracts the wrong one says which market it judges, and the rules, too."""
    market, court, _ = courts
    with Controls(market.node).rollback():
        made = creation(market.node, "CourtExtension", market.address, tuple(vars(QUICK).values()))
        extension = str(sender_of(market, CAROL).execute(made).contract)
        assert Court(market.node, extension).rules() == court.rules()
        with pytest.raises(NotReady, match=f"there is no court at {extension}: correct the file"):
            require_court(Court(market.node, extension), market)
    assert require_court(court, market) is court
