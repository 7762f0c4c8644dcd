"""A miner's own policy: whom it sells to, what it runs, what it asks, and when it rests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from suanli.miner import core as m
from suanli.miner.core import (
    Act,
    Listed,
    OnChain,
    Policy,
    Reason,
    Rest,
    Share,
    module_objection,
    shown,
)
from suanli.miner.core.asking import ask_now
from suanli.miner.core.chores import RAISE_EVERY
from suanli.miner.core.policy import requester_objection
from suanli.miner.core.resting import FIRST, LONGEST, objection
from suanli.miner.journal import Journal
from suanli.protocol import Request, State
from tests.harness.bench import Bench
from tests.harness.simulation import OFFER, PRICE, REQUESTER, START, id_of, request, view
from tests.harness.world import ECHO, World, lodged, reasons
from tests.suanli.miner.test_stages import Way, acts

OTHER = "0x" + "44" * 20
MODULE, SECOND = b"\x01" * 32, b"\x02" * 32


def test_who_and_what_is_refused() -> None:
    both = Listed(frozenset({MODULE}), frozenset({REQUESTER}))
    cases = [
        (Policy(), None, None),
        (Policy(deny=both), "requester", "program"),
        (Policy(allow=both), None, None),
        (Policy(allow=Listed(frozenset({SECOND}), frozenset({OTHER}))), "requester", "program"),
        (Policy(deny=both, allow=both), "requester", "program"),
        (Policy(max_module_bytes=100), None, None),
        (Policy(max_module_bytes=99), None, "size"),
    ]
    for policy, who, what in cases:
        refused = requester_objection(policy, REQUESTER)
        assert (refused.code if refused else None) == who
        refused = module_objection(policy, MODULE, 100)
        assert (refused.code if refused else None) == what


def test_a_denied_requester_costs_no_data() -> None:
    way = Way(policy=Policy(deny=Listed(requesters=frozenset({REQUESTER}))))
    made = request()
    told = way.hear(m.RequestSeen(way.now, id_of(made), made, b"\x01", True))
    assert [type(i) for i in told] == [m.PostRejection]
    assert way.core.state.passed[id_of(made)].reason.code == "requester"


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        (Policy(deny=Listed(frozenset({ECHO.digest}))), "program: this miner does not run module "),
        (Policy(max_module_bytes=10), "size: a module of "),
    ],
)
def test_the_requester_hears_why_its_program_is_refused(
    registered: World, bench: Bench, policy: Policy, says: str
) -> None:
    bench.settings = replace(bench.settings, policy=policy)
    bench.restart()
    _, id_ = lodged(registered)
    bench.until(lambda: reasons(registered, id_))
    (reason,) = reasons(registered, id_)
    assert reason.startswith(says)


# The ask


def test_a_share_of_the_price_follows_it_in_steps() -> None:
    ninety = Share(9_000)
    assert ask_now(7, PRICE, 1, 3) == 7
    assert ask_now(ninety, 1_000, 1, 0) == 900
    assert ask_now(ninety, 1_060, 1, 900) == 954
    assert ask_now(ninety, 1_040, 1, 900) == 900
    assert ask_now(ninety, 965, 1, 900) == 900
    assert ask_now(ninety, 940, 1, 900) == 846
    assert ask_now(ninety, 100, 99, 0) == 99, "below the floor"
    assert ask_now(ninety, 0, 10, 900) == 900
    assert ask_now(ninety, 0, 10, 0) == 10
    assert ask_now(ninety, 2**90, 1, 0) == 2**88 - 1, "what an offer can hold"


def test_an_ask_that_follows_is_published_when_the_price_moved() -> None:
    way = Way(ask=Share(5_000))
    asks = []
    for second, price in enumerate((2 * PRICE, 2 * PRICE + 9, 3 * PRICE), 1):
        now = START + second * RAISE_EVERY
        for send in way.hear(m.ChainRead(now, view(price=price), {})):
            assert isinstance(send, m.SendPublish)
            asks.append(send.ask)
    assert asks == [PRICE * 3 // 2]  # OFFER asks for one token already
    assert OFFER.ask == PRICE


def test_a_bid_below_the_ask_that_follows_is_refused() -> None:
    way = Way(ask=Share(9_000))
    way.hear(m.ChainRead(way.now, view(price=4 * PRICE), {}))
    made = request()
    way.hear(m.RequestSeen(way.now, id_of(made), made, b"\x01", True))
    assert way.core.state.passed[id_of(made)].reason.code == "price"


# Rests


def ended(way: Way, made: Request, state: State) -> None:
    way.chain[id_of(made)] = OnChain(state, True, PRICE)
    way.read()


def taken(way: Way, made: Request) -> bool:
    way.hear(m.RequestSeen(way.now, id_of(made), made, b"\x01", True))
    return way.core.state.deals[id_of(made)].reason is None


def test_a_miner_that_defaulted_rests_longer_each_time_until_a_deal_succeeds() -> None:
    way, now = Way(), START
    for number in range(3):
        made = request(salt=10 + number, confirm_by=now + 10**6)
        way.running(made)
        ended(way, made, State.DEFAULTED)
        length = FIRST * 2**number
        assert way.core.state.rest == Rest(number + 1, now + length)
        waiting = request(salt=20 + number, confirm_by=now + 10**6)
        assert not taken(way, waiting)
        assert way.core.state.deals[id_of(waiting)].reason.code == "resting"
        way.hear(m.RequestGone(way.now, id_of(waiting), Reason("taken", "by another miner")))
        now += length
        way.at(now)
    good = request(salt=30, confirm_by=now + 10**6)
    way.running(good)
    ended(way, good, State.SETTLED)
    assert way.core.state.rest == Rest()


def test_a_deal_given_back_for_its_machine_makes_it_rest_and_one_by_agreement_does_not() -> None:
    for late in (True, False):
        way, made = Way(), request()
        way.running(made)
        if late:
            assert acts(way.at(START + 105)) == [Act.RELEASE]
        ended(way, made, State.RELEASED)
        assert way.core.state.rest.faults == (1 if late else 0)


def test_a_rest_survives_a_restart(tmp_path: Path) -> None:
    way, made = Way(), request()
    way.running(made)
    ended(way, made, State.DEFAULTED)
    journal = Journal(tmp_path / "journal.sqlite")
    journal.save(way.core.take_changes())
    assert journal.load(way.core.state.settings).rest == Rest(1, START + FIRST)
    journal.close()


def test_how_a_rest_is_told() -> None:
    rest = Rest(2, 1_700_000_000)
    assert (
        shown(rest) == "until 2023-11-14 22:13:20 UTC, after 2 deals in a row lost by its machine"
    )
    assert objection(rest, request(), 1_700_000_000) is None
    for confirm_by, final in ((1_700_000_000, True), (1_700_000_001, False)):
        reason = objection(rest, request(confirm_by=confirm_by), 1_699_999_999)
        assert (reason.code, reason.final) == ("resting", final)
    assert LONGEST == 24 * 60 * 60
