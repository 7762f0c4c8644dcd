"""Each refusal of each step, with its exact error; the order is that in which they are checked."""

import pytest

from suanli.protocol import Leaf
from tests.harness.courtroom import HOUR, NOTHING, UNIT, Outcome, Phase, salt_of
from tests.harness.evm import account, reverts
from tests.harness.market import (
    ALICE,
    BOB,
    CAROL,
    ROOT,
    STRANGER,
    State,
    Trial,
)

WORD = b"\7" * 32
LEAF = (0, 0, WORD, 1)


def file(room, deal, filer=ALICE, **changes):
    given = {"number": 0, "withheld": False, "task": 0, "leaf": WORD, "secret": WORD} | changes
    return room.judges.challenge(deal.request, *given.values(), sender=filer)


@pytest.mark.spec("17.4", "17.5")
def test_challenge(room):
    deal = room.result()
    request_id = room.request_id(deal.request)
    with reverts("NumberTooHigh", 16, 15):
        file(room, deal, number=16)
    with reverts("NothingCommitted"):
        file(room, deal, leaf=NOTHING)
    with reverts("NothingCommitted"):
        file(room, deal, secret=NOTHING)
    with reverts("TaskOutOfRange", 4, 4):
        file(room, deal, task=4)
    with reverts("InsufficientAvailable", ALICE.lower(), 0, 23 * UNIT):
        file(room, deal)
    case = room.challenge(deal)
    with reverts("CaseExists", case.id):
        file(room, deal)
    until = room.docket(deal).filingUntil
    assert until == room.deal(deal.request).time + 24 * HOUR
    room.evm.set_block(room.evm.number + 1, until)
    file(room, deal, number=1)
    room.pass_time(1)
    with reverts("FilingOver", request_id, until):
        file(room, deal, number=2)
    room.accept(deal.request)
    with reverts("WrongState", request_id, State.SETTLED):
        file(room, deal, number=2)


def test_challenge_of_no_result(room):
    request = room.request(terms=room.court_terms)
    room.confirm(request, BOB)
    with reverts("WrongState", room.request_id(request), State.CONFIRMED):
        room.judges.challenge(request, 0, False, 0, WORD, WORD, sender=ALICE)


def test_challenge_after_the_window_or_before_another_court(room):
    deal = room.result()
    room.provide(ALICE, 100 * UNIT)
    end = room.deal(deal.request).time + 24 * HOUR
    room.evm.set_block(room.evm.number + 1, end + 1)
    with reverts("DeadlinePassed", end):
        file(room, deal)
    other = room.request()
    room.submit(other, BOB)
    with reverts("NotCourt", room.judges.address, room.court.address):
        room.judges.challenge(other, 0, False, 0, WORD, WORD, sender=ALICE)


@pytest.mark.spec("17.7")
def test_answer(room):
    deal = room.result(wrong={1})
    case = room.challenge(deal, task=1)
    other = room.result()
    leaf = deal.leaves[1]
    path = deal.claimed.path(1)

    def answer(request=deal.request, secret=WORD, leaf=leaf, path=path, sender=BOB):
        opened = (leaf.index, leaf.outcome, leaf.digest, leaf.units)
        room.judges.answer(request, case.id, secret, opened, path, sender=sender)

    with reverts("ForeignRequest", case.id, room.request_id(other.request)):
        answer(request=other.request)
    for sender in (ALICE, STRANGER):
        with reverts("NotMiner", sender.lower(), BOB.lower()):
            answer(sender=sender)
    foreign = leaf._replace(index=0) if hasattr(leaf, "_replace") else Leaf(0, 0, leaf.digest, 25)
    with reverts("LeafNotInResult", room.request_id(deal.request), 0):
        answer(leaf=foreign)
    with reverts("LeafNotInResult", room.request_id(deal.request), 1):
        answer(leaf=deal.truth[1])
    with reverts("WrongPathLength", 1, 2):
        answer(path=path[:1])
    with reverts("NothingCommitted"):
        answer(secret=NOTHING)
    deadline = case.status.deadline
    with room.evm.rollback():
        room.evm.set_block(room.evm.number + 1, deadline + 1)
        with reverts("PhaseOver", case.id, deadline):
            answer()
        case.advance()
        with reverts("WrongPhase", case.id, Phase.UPHELD):
            answer()
    room.evm.set_block(room.evm.number + 1, deadline)
    answer()
    with reverts("WrongPhase", case.id, Phase.DRAWING):
        answer()


def test_a_miner_whose_units_do_not_add_up_can_not_answer(room):
    deal = room.result(units_used=99)
    case = room.challenge(deal)
    with reverts("LeafNotInResult", room.request_id(deal.request), 0):
        case.answer()


@pytest.mark.spec("17.7")
def test_commit_secret(room):
    case = room.challenge(room.result(wrong={0}))
    with reverts("WrongPhase", case.id, Phase.ANSWERING):
        case.commit_secret(True)
    case.to_voting()
    case.judge(None, None, None)
    assert (case.phase, case.status.round) == (Phase.ANSWERING, 1)
    with reverts("NotParty", STRANGER.lower()):
        case.commit_secret(True, sender=STRANGER)
    with reverts("NothingCommitted"):
        room.judges.commitSecret(case.id, NOTHING, sender=BOB)
    with reverts("AlreadyDone", case.id, BOB.lower()):
        case.answer()
    case.commit_secret(False)
    with reverts("AlreadyDone", case.id, ALICE.lower()):
        case.commit_secret(False)
    deadline = case.status.deadline
    room.evm.set_block(room.evm.number + 1, deadline + 1)
    with reverts("PhaseOver", case.id, deadline):
        case.commit_secret(True)


@pytest.mark.spec("17.8")
def test_reveal_secret_and_record_hash(room):
    case = room.challenge(room.result())
    with reverts("WrongPhase", case.id, Phase.ANSWERING):
        case.reveal_secret(False)
    with reverts("WrongPhase", case.id, Phase.ANSWERING):
        room.judges.recordHash(case.id)
    number = room.evm.number
    case.answer()
    named = case.status.named
    assert named == number + 1 == room.evm.number
    with reverts("HashNotThere", named):
        room.judges.recordHash(case.id)
    with reverts("HashNotThere", named):
        room.judges.revealSecret(case.id, _secret(case, True), sender=BOB)
    room.pass_time(12)
    with reverts("NotParty", STRANGER.lower()):
        case.reveal_secret(True, sender=STRANGER)
    with reverts("NotCommitted", case.secret(True)):
        room.judges.revealSecret(case.id, WORD, sender=BOB)
    room.judges.recordHash(case.id)
    with reverts("HashRecordedAlready", case.id):
        room.judges.recordHash(case.id)
    with reverts("NoStepDue", case.id, Phase.DRAWING, case.status.deadline):
        room.judges.draw(case.id)
    case.reveal_secret(True)
    with reverts("AlreadyDone", case.id, BOB.lower()):
        case.reveal_secret(True)
    deadline = case.status.deadline
    room.evm.set_block(room.evm.number + 1, deadline + 1)
    with reverts("PhaseOver", case.id, deadline):
        case.reveal_secret(False)
    with reverts("PhaseOver", case.id, deadline):
        room.judges.draw(case.id)


def _secret(case, by_miner):
    from tests.harness.courtroom import secret_of

    return secret_of(case.id, 0, by_miner)


@pytest.mark.spec("17.9")
def test_commit_vote(room):
    case = room.challenge(room.result())
    with reverts("WrongPhase", case.id, Phase.ANSWERING):
        room.judges.commitVote(case.id, 0, WORD, sender=STRANGER)
    case.to_voting()
    with reverts("NoSuchSeat", case.id, 3):
        room.judges.commitVote(case.id, 3, WORD, sender=STRANGER)
    first = case.juror_at(0)
    for sender in (ALICE, BOB, case.juror_at(1)):
        with reverts("NotJuror", sender.lower(), first):
            room.judges.commitVote(case.id, 0, WORD, sender=sender)
    with reverts("NothingCommitted"):
        room.judges.commitVote(case.id, 0, bytes(31) + b"\1", sender=first)
    case.commit(0)
    with reverts("VotedAlready", case.id, 0):
        room.judges.commitVote(case.id, 0, WORD, sender=first)
    deadline = case.status.deadline
    room.evm.set_block(room.evm.number + 1, deadline + 1)
    with reverts("PhaseOver", case.id, deadline):
        case.commit(1)


@pytest.mark.spec("17.10")
def test_show_leaf(room):
    deal = room.result(wrong={0})
    case = room.challenge(deal)
    with reverts("WrongPhase", case.id, Phase.ANSWERING):
        case.show()
    case.to_voting().vote()
    other = room.result()
    with reverts("ForeignRequest", case.id, room.request_id(other.request)):
        room.judges.showLeaf(other.request, case.id, case.held, WORD, sender=ALICE)
    with reverts("NotFiler", BOB.lower(), ALICE.lower()):
        case.show(sender=BOB)
    with reverts("NotCommitted", case.commitment()):
        case.show(leaf=WORD)
    deadline = case.status.deadline
    with room.evm.rollback():
        room.evm.set_block(room.evm.number + 1, deadline + 1)
        with reverts("PhaseOver", case.id, deadline):
            case.show()
    room.accept(deal.request)
    with reverts("WrongState", room.request_id(deal.request), State.SETTLED):
        case.show()


@pytest.mark.spec("17.11")
def test_reveal_vote(room):
    case = room.challenge(room.result(wrong={0}))
    case.to_voting()
    case.vote(case.right_vote(), case.right_vote(), None)
    with reverts("WrongPhase", case.id, Phase.SHOWING):
        case.reveal_vote(0)
    case.show()
    with reverts("NoSuchSeat", case.id, 3):
        room.judges.revealVote(case.id, 3, WORD, WORD, WORD)
    with reverts("NoVote", case.id, 2):
        room.judges.revealVote(case.id, 2, WORD, WORD, WORD)
    committed = room.judges.voteOf(case.id, 0, False, 0)
    with reverts("NotCommitted", committed):
        room.judges.revealVote(case.id, 0, WORD, WORD, WORD)
    case.reveal_vote(0)
    with reverts("NoVote", case.id, 0):
        case.reveal_vote(0)
    deadline = case.status.deadline
    room.evm.set_block(room.evm.number + 1, deadline + 1)
    with reverts("PhaseOver", case.id, deadline):
        case.reveal_vote(1)


def test_seize_seat(room):
    case = room.challenge(room.result(wrong={0}))
    leaf, trace = case.deal.right_leaf(0), WORD
    with reverts("WrongPhase", case.id, Phase.ANSWERING):
        room.judges.seizeSeat(case.id, 0, leaf, trace, salt_of(case.id, 0))
    case.to_voting()
    with reverts("NoSuchSeat", case.id, 3):
        room.judges.seizeSeat(case.id, 3, leaf, trace, salt_of(case.id, 0))
    with reverts("NoVote", case.id, 0):
        room.judges.seizeSeat(case.id, 0, leaf, trace, salt_of(case.id, 0))
    case.commit(0, (leaf, trace))
    committed = room.judges.voteOf(case.id, 0, False, 0)
    with reverts("NotCommitted", committed):
        room.judges.seizeSeat(case.id, 0, leaf, trace, WORD)
    room.judges.seizeSeat(case.id, 0, leaf, trace, salt_of(case.id, 0))
    with reverts("NoVote", case.id, 0):
        room.judges.seizeSeat(case.id, 0, leaf, trace, salt_of(case.id, 0))
    with reverts("VotedAlready", case.id, 0):
        case.commit(0, (leaf, trace))
    deadline = case.status.deadline
    room.evm.set_block(room.evm.number + 1, deadline + 1)
    with reverts("PhaseOver", case.id, deadline):
        room.judges.seizeSeat(case.id, 1, leaf, trace, WORD)


@pytest.mark.spec("17.15")
def test_appeal(room):
    deal = room.result(wrong={0})
    case = room.challenge(deal)
    with reverts("WrongPhase", case.id, Phase.ANSWERING):
        room.judges.appeal(case.id, WORD, sender=BOB)
    case.to_voting().judge()
    with reverts("NotParty", STRANGER.lower()):
        room.judges.appeal(case.id, WORD, sender=STRANGER)
    with reverts("NotLoser", ALICE.lower(), Outcome.WRONG):
        room.judges.appeal(case.id, WORD, sender=ALICE)
    needed = room.judges.appealDepositOf(1)
    with reverts("InsufficientAvailable", BOB.lower(), 0, needed):
        room.judges.appeal(case.id, WORD, sender=BOB)
    room.provide(BOB, 100 * UNIT)
    with reverts("NothingCommitted"):
        room.judges.appeal(case.id, NOTHING, sender=BOB)
    deadline = case.status.deadline
    with room.evm.rollback():
        room.evm.set_block(room.evm.number + 1, deadline + 1)
        with reverts("PhaseOver", case.id, deadline):
            room.judges.appeal(case.id, WORD, sender=BOB)
    case.appeal(True)
    case.commit_secret(False)
    case.draw()
    room.evm.set_block(room.evm.number + 1, room.evm.time)
    case.judge()
    with reverts("AlreadyDone", case.id, BOB.lower()):
        room.evm.set_block(room.evm.number, case.status.deadline)
        room.judges.appeal(case.id, WORD, sender=BOB)


def test_nobody_who_is_both_parties_appeals(room):
    deal = room.result(wrong={0})
    case = room.challenge(deal, filer=BOB)
    case.answer()
    room.pass_time(12)
    case.reveal_secret(False)
    case.reveal_secret(True)
    case.judge()
    with reverts("NotParty", BOB.lower()):
        room.judges.appeal(case.id, WORD, sender=BOB)


def test_advance(room):
    deal = room.result(wrong={0})
    case = room.challenge(deal)
    other = room.result()
    with reverts("ForeignRequest", case.id, room.request_id(other.request)):
        room.judges.advance(other.request, case.id)
    unknown = room.judges.caseIdOf(room.request_id(deal.request), CAROL, 0)
    with reverts("ForeignRequest", unknown, room.request_id(deal.request)):
        room.judges.advance(deal.request, unknown)
    steps = [case.answer, case.draw, case.vote, case.show, case.reveal]
    for step in steps:
        with reverts("NoStepDue", case.id, case.phase, case.status.deadline):
            room.judges.advance(deal.request, case.id)
        step()
    room.evm.set_block(room.evm.number + 1, case.status.deadline)
    with reverts("NoStepDue", case.id, Phase.DECIDED, case.status.deadline):
        room.judges.advance(deal.request, case.id)
    case.close()
    with reverts("WrongPhase", case.id, Phase.UPHELD):
        room.judges.advance(deal.request, case.id)


@pytest.mark.spec("17.25")
def test_finish(room):
    deal = room.result(wrong={0})
    request_id = room.request_id(deal.request)
    with reverts("NothingFrozen", request_id):
        room.judges.finish(deal.request)
    case = room.challenge(deal)
    until = room.docket(deal).filingUntil
    with reverts("FilingOpen", request_id, 1, until):
        room.judges.finish(deal.request)
    case.to_voting().judge().close()
    room.evm.set_block(room.evm.number + 1, until)
    with reverts("FilingOpen", request_id, 0, until):
        room.judges.finish(deal.request)
    case.finish()
    with reverts("NothingFrozen", request_id):
        room.judges.finish(deal.request)


@pytest.mark.spec("17.27")
def test_collect(room):
    deal = room.result(wrong={0})
    case = room.challenge(deal)
    request_id = room.request_id(deal.request)
    with reverts("NothingToCollect", case.id):
        room.judges.collect(request_id, case.id)
    case.to_voting().judge().close()
    with reverts("NothingToCollect", case.id):
        room.judges.collect(request_id, case.id)
    case.finish()
    with reverts("NothingToCollect", case.id):
        room.judges.collect(ROOT, case.id)
    room.judges.collect(request_id, case.id)
    with reverts("NothingToCollect", case.id):
        room.judges.collect(request_id, case.id)


@pytest.mark.spec("17.28")
def test_prove_false(room):
    deal = room.result(wrong={0})
    request_id = room.request_id(deal.request)
    leaf = deal.leaves[0]
    opened = (leaf.index, leaf.outcome, leaf.digest, leaf.units)
    path = deal.claimed.path(0)
    with reverts("NothingFalse", request_id):
        room.judges.proveFalse(deal.request, opened, path)
    with reverts("NothingFalse", request_id):
        room.judges.proveFalse(deal.request, (0, 0, WORD, 25), path)
    with reverts("WrongPathLength", 1, 2):
        room.judges.proveFalse(deal.request, opened, path[:1])
    with reverts("TaskOutOfRange", 4, 4):
        room.judges.proveFalse(deal.request, (4, 0, WORD, 25), path)
    room.challenge(deal)
    until = room.docket(deal).filingUntil
    room.evm.set_block(room.evm.number + 1, until + 1)
    with reverts("FilingOver", request_id, until):
        room.judges.proveFalse(deal.request, opened, path)
    room.accept(deal.request)
    with reverts("WrongState", request_id, State.SETTLED):
        room.judges.proveFalse(deal.request, opened, path)


@pytest.mark.parametrize("name", ["freeze", "thaw", "noteReveal"])
def test_nobody_else_has_the_courts_powers(room, name):
    deal = room.result()
    for sender in (ALICE, BOB, STRANGER, account("juror 0")):
        with reverts("NotCourt", sender.lower(), room.judges.address):
            getattr(room.market, name)(deal.request, sender=sender)
    assert room.deal(deal.request).trial == Trial.NONE
