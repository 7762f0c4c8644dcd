"""The score's properties, for any logs, and what buying one costs and brings."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from math import log10

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.reputation import NEWCOMER, WEIGHT, Mark, MarkKind, MinerRecord, burden, records
from suanli.reputation.score import DAY

NOW = 1_800_000_000
TOKEN = 1e18
FEE = 0.01
"""The usual share of a payment."""
ROUNDING = 1e-9
MINER, RIVAL = 1, 2

kinds = st.sampled_from(MarkKind)
amounts = st.floats(0, 100 * TOKEN)
times = st.integers(NOW - 1_000 * DAY, NOW)
marks = st.builds(
    Mark,
    kinds,
    st.integers(MINER, 4),
    st.sampled_from("abcd"),
    amounts,
    times,
    st.booleans(),
)
logs = st.lists(marks, max_size=12)
costs = st.floats(0, 10_000 * TOKEN)


def score_of(found: Sequence[Mark], cost: float = 100 * TOKEN, miner: int = MINER) -> float:
    return records(found, NOW).get(miner, MinerRecord()).score(cost)


def paid(miner: int, requester: str, fee: float, time: int = NOW, **more: bool) -> Mark:
    return Mark(MarkKind.PAID, miner, requester, fee * TOKEN, time, **more)


@given(logs, costs)
def test_bounded(found: list[Mark], cost: float) -> None:
    assert 0 < score_of(found, cost) <= 1


@given(logs, st.randoms(use_true_random=False))
def test_the_order_of_logs_is_irrelevant(found: list[Mark], chance: random.Random) -> None:
    shuffled = chance.sample(found, len(found))
    assert records(shuffled, NOW) == records(found, NOW)


@given(logs, st.sampled_from("abcd"), amounts, times, costs)
def test_a_fee_never_lowers_any_score(
    found: list[Mark], requester: str, fee: float, time: int, cost: float
) -> None:
    """Not the miner's who earned it, nor another's: so nobody is hurt by what others do."""
    more = [*found, Mark(MarkKind.PAID, MINER, requester, fee, time)]
    for miner in (MINER, RIVAL):
        assert score_of(more, cost, miner) >= score_of(found, cost, miner) - ROUNDING


@given(logs, st.sampled_from([*MarkKind][1:]), amounts, times, costs)
def test_a_reward_and_a_fault_never_raise_the_score_and_touch_no_other(
    found: list[Mark], kind: MarkKind, amount: float, time: int, cost: float
) -> None:
    more = [*found, Mark(kind, MINER, "a", amount, time)]
    assert score_of(more, cost) <= score_of(found, cost) + ROUNDING
    assert score_of(more, cost, RIVAL) == score_of(found, cost, RIVAL)


@given(logs, st.integers(0, 1_000 * DAY))
def test_merit_and_blame_only_fade(found: list[Mark], later: int) -> None:
    before, after = records(found, NOW), records(found, NOW + later)
    for miner, record in before.items():
        assert after[miner].merit <= record.merit * (1 + ROUNDING)
        assert after[miner].blame <= record.blame * (1 + ROUNDING)


@given(st.lists(st.tuples(st.sampled_from("abcd"), amounts, times), max_size=8), st.data())
def test_splitting_a_requester_into_many_raises_no_score(deals, data) -> None:  # type: ignore[no-untyped-def]
    found = [
        Mark(MarkKind.PAID, MINER + n % 3, who, fee, at) for n, (who, fee, at) in enumerate(deals)
    ]
    split = [replace(m, requester=m.requester + data.draw(st.sampled_from("12"))) for m in found]
    for miner in (MINER, 2, 3):
        assert score_of(split, miner=miner) <= score_of(found, miner=miner) + ROUNDING


@given(logs, st.data())
def test_splitting_a_miner_into_many_raises_no_score(
    found: list[Mark], data: st.DataObject
) -> None:
    found = [m for m in found if m.kind is MarkKind.PAID or m.miner != MINER]
    parts = [MINER, 10, 11]
    split = [
        replace(m, miner=data.draw(st.sampled_from(parts))) if m.miner == MINER else m
        for m in found
    ]
    for part in parts:
        assert score_of(split, miner=part) <= score_of(found) + ROUNDING


@given(logs, costs)
def test_a_new_identity_outranks_nobody_who_is_proven(found: list[Mark], cost: float) -> None:
    record = records(found, NOW).get(MINER, MinerRecord())
    fresh = score_of(found, cost, miner=5)
    assert fresh == pytest.approx(NEWCOMER, abs=1e-15)
    if record.merit > record.blame:
        assert record.score(cost) >= fresh
        assert burden(record.score(cost), WEIGHT) <= burden(fresh, WEIGHT)


def test_trust_does_not_pass_on_with_a_tenure_and_blame_does() -> None:
    good, other = paid(MINER, "a", 4), paid(RIVAL, "a", 4)
    bad = Mark(MarkKind.DEFAULTED, MINER, "b", 10 * TOKEN, NOW)
    before = records([good, other, bad], NOW)[MINER]
    assert before == MinerRecord(4 * TOKEN, 0.5 * TOKEN)
    after = records([replace(m, current=False) for m in (good, other, bad)], NOW)[MINER]
    assert after == MinerRecord(0.0, 0.5 * TOKEN)


def test_the_numbers() -> None:
    """Those of docs/reputation.md."""
    alone = records([paid(MINER, "a", 4)], NOW)[MINER]
    assert alone == MinerRecord(2 * TOKEN), "half, of a requester that buys from nobody else"
    shared = [paid(MINER, "a", 4), paid(RIVAL, "a", 4)]
    assert records(shared, NOW)[MINER] == MinerRecord(4 * TOKEN)
    reward = Mark(MarkKind.REWARDED, MINER, "", TOKEN, NOW)
    assert records([*shared, reward], NOW)[MINER] == MinerRecord(3 * TOKEN)
    old = [replace(m, time=NOW - 90 * DAY) for m in shared]
    assert records(old, NOW)[MINER] == MinerRecord(2 * TOKEN)
    worth = {MarkKind.RELEASED: 1, MarkKind.DEFAULTED: 5, MarkKind.OVERTURNED: 20}
    for kind, tokens in worth.items():
        fault = Mark(kind, MINER, "a", 100 * TOKEN, NOW)
        assert records([fault], NOW)[MINER] == MinerRecord(0.0, tokens * TOKEN)
        assert records([fault], NOW + 360 * DAY)[MINER] == MinerRecord(0.0, tokens * TOKEN / 2)
    assert MinerRecord(10 * TOKEN).score(100 * TOKEN) == pytest.approx(0.55), "half way"
    assert MinerRecord(0, 10 * TOKEN).score(100 * TOKEN) == pytest.approx(0.05)
    assert burden(1.0, 0.2) == 1.0
    assert burden(NEWCOMER, 0.2) == pytest.approx(1.2)
    assert burden(NEWCOMER / 3, 0.2) == pytest.approx(3.6)
    assert burden(0.001, 0) == 1.0, "turned off"


# Trading with oneself

deals = st.lists(
    st.tuples(st.integers(0, 40), st.floats(-2, 6), st.booleans()), min_size=1, max_size=25
)
"""Real ones: days since the last, the decimal logarithm of what it is worth in tokens, and whether
its requester buys from others, too."""


def gain(
    real: list[tuple[int, float, bool]],
    spent: float,
    identities: int,
    buyers: int,
    weight: float = WEIGHT,
) -> float:
    """What `spent` tokens of fees, paid to oneself at first, let a miner ask more for its deals
    than an honest newcomer with the same deals, and still be placed before it: in tokens."""
    start = NOW - 2_000 * DAY
    honest: list[Mark] = []
    cheat = [
        paid(10 + miner, f"self {buyer}", spent / identities / buyers, start)
        for miner in range(identities)
        for buyer in range(buyers)
    ]
    at, gained = start, 0.0
    for number, (days, logarithm, elsewhere) in enumerate(real):
        at, value, who = at + days * DAY, 10.0**logarithm, f"r{number}"
        miner = 10 + number % identities
        cost = value * TOKEN
        scores = (
            records(honest, at).get(10, MinerRecord()).score(cost),
            records(cheat, at).get(miner, MinerRecord()).score(cost),
        )
        fair, bought = (burden(score, weight) for score in scores)
        gained += value * (fair / bought - 1)
        fee = paid(10, who, FEE * value, at)
        others = [replace(fee, miner=99)] * elsewhere
        honest += [fee, *others]
        cheat += [replace(fee, miner=miner), *others]
    return gained


@given(deals, st.floats(-4, 5), st.integers(1, 3), st.integers(1, 3))
def test_trading_with_oneself_costs_more_than_it_gains(
    real: list[tuple[int, float, bool]], logarithm: float, identities: int, buyers: int
) -> None:
    spent = 10.0**logarithm
    assert gain(real, spent, identities, buyers) < spent


@pytest.mark.parametrize("worth", [0.1, 10, 1_000])
@pytest.mark.parametrize("spent", [0.01, 1, 100])
@pytest.mark.parametrize("elsewhere", [True, False])
def test_what_a_bought_score_brings_in_a_year(worth: float, spent: float, elsewhere: bool) -> None:
    """With a deal every third day: less than a quarter of its price."""
    assert gain([(3, log10(worth), elsewhere)] * 120, spent, 1, 1) < spent / 4


def test_a_weight_far_above_the_fee_would_make_it_pay() -> None:
    """So --reputation has its price, and the default is what it is."""
    assert gain([(3, 1.0, True)] * 120, 10, 1, 1, weight=0.5) > 10
