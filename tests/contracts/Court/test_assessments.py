"""What a case costs or gives each juror, by what it voted, its jury found, and holds in the end."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from suanli.protocol import leaf_hash
from tests.harness.courtroom import NOTHING, Assessment, Case, Phase
from tests.harness.market import ALICE

pytestmark = pytest.mark.spec("17.12", "17.19", "17.20")
PAID, FREE = Assessment.PAID, Assessment.NOTHING
FINED, OUT = Assessment.PENALIZED, Assessment.UNSEATED


@pytest.fixture
def case(room) -> Case:
    """Of a wrong leaf; its jury votes."""
    return room.challenge(room.result(wrong={0})).to_voting()


def votes_of(case: Case, told: str) -> list[tuple[bytes, bytes] | None]:
    """R: right; L: the lie; T: the right leaf with another trace; N: can't be had; -: absent."""
    leaf, trace = case.right_vote()
    lie = leaf_hash(case.deal.leaves[case.task])
    meant = {
        "R": (leaf, trace),
        "L": (lie, trace),
        "T": (leaf, keccak(b"made up")),
        "N": (NOTHING, NOTHING),
        "-": None,
    }
    return [meant[one] for one in told]


def judge(case: Case, told: str) -> None:
    case.judge(*votes_of(case, told))


def assessed(case: Case, receipt) -> dict[int, int]:
    """By position, as the last call told."""
    found = [event.args for event in receipt.events if event.name == "JurorAssessed"]
    assert all(args["caseId"] == case.id for args in found)
    return {args["position"]: args["assessment"] for args in found}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("RRR", [PAID, PAID, PAID]),
        ("RRN", [PAID, PAID, FREE]),
        ("RRL", [PAID, PAID, FINED]),
        ("RRT", [PAID, PAID, FINED]),
        ("RR-", [PAID, PAID, FINED]),
    ],
)
def test_of_the_jury_that_decided(case, told, expected):
    judge(case, told)
    seats = case.seats()
    jurors = [case.juror_at(index) for index in range(3)]
    rules = case.room.rules
    gain = {PAID: rules["seatFee"], FREE: 0, FINED: -rules["seatStake"] // 100}
    with case.room.gains(*jurors) as gains:
        found = assessed(case, case.close())
    assert [found[position] for position in seats] == expected
    assert [gains[juror] for juror in jurors] == [gain[one] for one in expected]
    assert case.phase == Phase.UPHELD
    for position, one in zip(seats, expected, strict=True):
        assert bool(case.judges.seatOf(position).until) == (one == FINED)


def test_of_data_that_stayed_away(case):
    """Whoever had it all the same is paid, too."""
    judge(case, "NNR")
    assert case.phase == Phase.CURING
    case.expire()
    judge(case, "NN-")
    first = case.seats()
    found = assessed(case, case.close())
    assert [found[position] for position in first] == [PAID, PAID, FINED]


def test_of_a_jury_that_found_nothing_before_one_that_did(case):
    first = case.seats()
    judge(case, "RLN")
    assert (case.phase, case.status.round) == (Phase.ANSWERING, 1)
    case.commit_secret(False)
    case.commit_secret(True)
    case.draw()
    judge(case, "RRR")
    found = assessed(case, case.close())
    assert [found[position] for position in first] == [PAID, FINED, FREE]


@pytest.mark.parametrize(
    ("told", "expected"), [("LLR", [OUT, OUT, PAID]), ("LLN", [OUT, OUT, FREE])]
)
def test_of_a_majority_that_an_appeal_reverses(case, told, expected):
    """And of those whom it proves right."""
    judge(case, told)
    first = case.seats()
    case.appeal(by_miner=False)
    case.commit_secret(True)
    case.draw()
    judge(case, "RRRRRRR")
    appeal = case.seats()
    jurors = [case.judges.seatOf(position).juror for position in first]
    with case.room.gains(*jurors, ALICE) as gains:
        found = assessed(case, case.advance())
    assert [found[position] for position in first] == expected
    assert {found[position] for position in appeal} == {PAID}
    assert gains[jurors[0]] == -case.room.rules["seatStake"]
    assert case.phase == Phase.UPHELD


def test_of_those_who_said_nothing_could_be_had_where_an_appeal_finds_it_right(room):
    case = room.challenge(room.result(), withheld=True).to_voting()
    judge(case, "NNN")
    case.expire()
    judge(case, "NNR")
    first = case.seats()
    case.appeal(by_miner=True)
    case.commit_secret(False)
    case.draw()
    judge(case, "RRRRRRR")
    found = assessed(case, case.advance())
    assert [found[position] for position in first] == [OUT, OUT, PAID]
    assert case.phase == Phase.REJECTED
