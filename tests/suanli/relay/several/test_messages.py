"""Messages by several relays, of which one has a fault: nothing is lost, and nobody waits."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest

from suanli.protocol import signed_to_json
from suanli.relay import (
    RelayBusy,
    RelayLied,
    RelayRefusal,
    Relays,
    RelayStanding,
    RelayUnreachable,
)
from tests.suanli.relay.conftest import (
    DOMAIN,
    NOW,
    OTHER,
    announcement,
    claim,
    envelope,
    progress,
    rejection,
    request,
    signed_acceptance,
    signed_request,
)
from tests.suanli.relay.several.conftest import FAULTS, LONG, SOON, Pair

ASKED = request()
ID = DOMAIN.request_id(ASKED)


def patience(fault: str) -> float:
    return SOON if fault == "stalled" else LONG


def listed(relays: Relays) -> dict[str, Any]:
    """All that there is to see."""
    return {
        "announcements": relays.announcements(1),
        "requests": [lodged.id for lodged in relays.requests().requests],
        "claims": relays.claims(ID),
        "rejections": relays.rejections(ID),
        "progress": relays.progress(ID),
        "envelopes": relays.envelopes(ID),
        "acceptance": relays.acceptance(ASKED),
    }


MESSAGES = (
    announcement(),
    signed_request(),
    claim(ASKED),
    rejection(ASKED),
    progress(ASKED),
    envelope(ASKED),
    signed_acceptance(ASKED),
)
ALL = {
    "announcements": [announcement().message],
    "requests": [ID],
    "claims": [claim(ASKED).message],
    "rejections": [rejection(ASKED).message],
    "progress": [progress(ASKED).message],
    "envelopes": [envelope(ASKED).message],
    "acceptance": signed_acceptance(ASKED),
}


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("fault", FAULTS)
def test_one_with_a_fault_hides_nothing(pair: Pair, fault: str, backwards: bool) -> None:
    pair.wire.fault = getattr(pair.wire, fault)
    relays = pair.relays(patience(fault), backwards)
    for message in MESSAGES:
        relays.post(message)
    assert listed(relays) == ALL


@pytest.mark.parametrize("fault", FAULTS)
def test_one_that_gets_a_fault_later_hides_nothing(pair: Pair, fault: str) -> None:
    relays = pair.relays(patience(fault))
    for message in MESSAGES:
        relays.post(message)
    pair.wire.fault = getattr(pair.wire, fault)
    assert listed(relays) == ALL
    assert listed(relays) == ALL | {"requests": ALL["requests"]}


def test_both_have_everything(pair: Pair) -> None:
    for message in MESSAGES:
        pair.relays().post(message)
    for relay in (pair.faulty, pair.well):
        assert listed(Relays([relay.connect(DOMAIN)])) == ALL


def test_duplicates_count_once_and_the_last_word_counts(pair: Pair) -> None:
    old, new = claim(ASKED, issued=NOW - 5), claim(ASKED, root=b"\x01" * 32)
    for relay in (pair.faulty, pair.well):
        relay.client.post(signed_request())
        relay.client.post(announcement())
    pair.faulty.client.post(old)
    pair.well.client.post(new)
    for backwards in (False, True):
        relays = pair.relays(backwards=backwards)
        assert relays.claims(ID) == [new.message]
        assert relays.announcements(1) == [announcement().message]
        assert len(relays.requests().requests) == 1


def test_what_differs_in_the_same_second_is_the_same_to_all(pair: Pair) -> None:
    for relay, root in ((pair.faulty, b"\x01" * 32), (pair.well, b"\x02" * 32)):
        relay.client.post(signed_request())
        relay.client.post(claim(ASKED, root=root))
    found = {pair.relays(backwards=backwards).claims(ID)[0].root for backwards in (False, True)}
    assert found == {b"\x02" * 32}


def test_forged_digests_and_signatures_are_left_out(pair: Pair) -> None:
    forged = signed_to_json(signed_request(OTHER))
    swapped = signed_to_json(claim(request(salt=2), root=b"\x09" * 32))

    def forging(asked: httpx.Request) -> httpx.Response:
        if asked.url.path == "/v1/requests":
            return httpx.Response(200, json=[{"sequence": 1 << 62, "signed": forged}] * 150)
        return httpx.Response(200, json=[swapped])

    pair.wire.fault = forging
    pair.well.client.post(signed_request())
    pair.well.client.post(claim(ASKED))
    relays = pair.relays()
    page = relays.requests()
    assert [lodged.id for lodged in page.requests] == [ID]
    assert relays.claims(ID) == [claim(ASKED).message]
    # Of its numbers only it is asked further.
    later = request(salt=3)
    pair.well.client.post(signed_request(salt=3))
    assert [lodged.id for lodged in relays.requests(page.after).requests] == [
        DOMAIN.request_id(later)
    ]


def test_a_stale_list_hides_nothing_new(pair: Pair) -> None:
    relays = pair.relays()
    relays.post(signed_request())
    relays.post(claim(ASKED, issued=NOW - 9))
    kept: dict[str, bytes] = {}

    def stale(asked: httpx.Request) -> httpx.Response | None:
        if asked.method != "GET":
            return httpx.Response(204)
        path = asked.url.path
        if path not in kept:
            kept[path] = httpx.get(f"{pair.faulty.server.url}{path}", trust_env=False).content
        return httpx.Response(200, content=kept[path])

    pair.wire.fault = stale
    page = relays.requests()
    assert relays.claims(ID)[0].issued == NOW - 9
    relays.post(signed_request(salt=9))
    relays.post(claim(ASKED))
    assert relays.claims(ID) == [claim(ASKED).message]
    assert [lodged.signed.message.salt for lodged in relays.requests(page.after).requests] == [1, 9]


def test_a_cursor_is_of_each_relay_for_itself(pair: Pair) -> None:
    for salt in range(1, 5):
        pair.faulty.client.post(signed_request(salt=salt))
    pair.well.client.post(signed_request(salt=7))
    relays = pair.relays()
    page = relays.requests()
    assert page.after == (4, 1)
    assert not page.more
    pair.well.client.post(signed_request(salt=8))
    pair.faulty.client.post(signed_request(salt=8))
    page = relays.requests(page.after)
    assert [lodged.signed.message.salt for lodged in page.requests] == [8]
    assert page.after == (5, 2)


def test_a_relay_that_was_set_up_anew_is_read_from_the_start(pair: Pair) -> None:
    relays = pair.relays()
    pair.faulty.client.post(signed_request(salt=1))
    page = relays.requests()
    pair.wire.fault = pair.wire.dead
    page = relays.requests(page.after)
    assert page.after == (0, 0)
    pair.now += 100
    pair.wire.fault = None
    assert len(relays.requests(page.after).requests) == 1


def test_one_that_was_away_is_given_what_it_missed(pair: Pair) -> None:
    relays = pair.relays()
    pair.wire.fault = pair.wire.dead
    for message in MESSAGES:
        relays.post(message)
    pair.wire.fault, pair.now = None, 100.0
    relays.check()
    relays._members[0].ask("a later turn of its thread", lambda relay: None).result()
    assert listed(Relays([pair.faulty.connect(DOMAIN)])) == ALL


def test_what_it_does_not_know_yet_is_posted_again(pair: Pair) -> None:
    """As when the requester's request comes there later than the miner's claim."""
    relays, member = pair.relays(), "a later turn of its thread"
    pair.well.client.post(signed_request())
    relays.post(claim(ASKED))
    pair.faulty.client.post(signed_request())
    assert pair.faulty.client.claims(ID) == []
    for _ in range(4):
        pair.now += 10
        relays._members[0].ask(member, lambda relay: None).result()
    relays._members[0].ask(member, lambda relay: None).result()
    assert pair.faulty.client.claims(ID) == [claim(ASKED).message]


def test_a_slow_ones_answer_counts_when_it_comes(pair: Pair) -> None:
    pair.faulty.client.post(signed_request())
    pair.well.client.post(signed_request())
    pair.faulty.client.post(claim(ASKED))
    answers = threading.Event()

    def slow(asked: httpx.Request) -> None:
        answers.wait()

    pair.wire.fault = slow  # type: ignore[assignment]
    relays = pair.relays(SOON)
    assert relays.claims(ID) == []
    assert [one.trouble for one in relays.standing()] == ["", ""]  # once is nothing to tell
    pair.now = 2.0
    assert relays.claims(ID) == []
    late = f"relay {pair.faulty.server.url} answers late: it is not waited for"
    assert [one.trouble for one in relays.standing()] == [late, ""]
    assert relays.news() == [f"{late}; the others go on"]
    answers.set()
    relays._members[0].ask("a later turn of its thread", lambda relay: None).result()
    assert relays.claims(ID) == [claim(ASKED).message]
    relays._members[0].ask("a later turn of its thread", lambda relay: None).result()
    assert relays.news() == [f"relay {pair.faulty.server.url} is back"]


def test_a_slow_one_is_waited_for_once_in_a_while(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.wire.fault = pair.wire.stalled
    relays = pair.relays(SOON)
    waits: list[list[str]] = []
    from suanli.relay.several import relays as module

    gather = module.gather

    def noted(asked: Any, waited: Any, *more: Any) -> Any:
        waits.append([member.url for member in waited])
        return gather(asked, waited, *more)

    monkeypatch.setattr(module, "gather", noted)
    both, one = [pair.faulty.server.url, pair.well.server.url], [pair.well.server.url]
    for now, waited in ((0, both), (1.9, one), (2, both), (5.9, one), (6, both), (13.9, one)):
        pair.now = now
        relays.announcements(1)
        assert waits[-1] == waited


def test_one_that_is_away_is_asked_ever_less_often(pair: Pair) -> None:
    pair.wire.fault = pair.wire.dead
    relays = pair.relays()
    asked = []
    for second in range(64):
        pair.now = float(second)
        relays.announcements(1)
        asked.append(len(pair.wire.requests))
    assert [s for s in range(1, 64) if asked[s] > asked[s - 1]] == [2, 6, 14, 30, 62]


def test_it_is_told_which_is_away(pair: Pair) -> None:
    relays = pair.relays()
    assert [one.trouble for one in relays.standing()] == ["", ""]
    pair.wire.fault = pair.wire.dead
    relays.announcements(1)
    url = pair.faulty.server.url
    assert [one.trouble for one in relays.standing()] == [
        f"relay {url} can't be reached: connection refused",
        "",
    ]
    assert relays.news() == [f"relay {url} can't be reached: connection refused; the others go on"]
    assert relays.news() == []
    pair.wire.fault, pair.now = None, 100.0
    relays.announcements(1)
    assert [one.trouble for one in relays.standing()] == ["", ""]
    assert relays.news() == [f"relay {url} is back"]


def test_what_a_relay_says_is_shown_on_one_line(pair: Pair) -> None:
    pair.wire.fault = lambda asked: httpx.Response(
        500, json={"detail": "\x1b[2Jgone\n" + "x" * 999}
    )
    relays = pair.relays()
    relays.announcements(1)
    told = relays.standing()[0].trouble
    assert told.startswith(f"relay {pair.faulty.server.url}: the relay refused: \\x1b[2Jgone\\nxxx")
    assert len(told) < 400


def test_it_is_told_which_is_behind(pair: Pair) -> None:
    relays = pair.relays()
    pair.wire.fault = pair.wire.mute
    pair.well.client.post(signed_request())
    pair.well.client.post(claim(ASKED))
    relays.claims(ID)
    page = relays.requests()
    pair.now = 30.0
    relays.claims(ID)
    relays.requests(page.after)
    url = pair.faulty.server.url
    behind, well = relays.standing()
    assert (behind.lacks, behind.of) == (2, 2)
    assert behind.trouble == (
        f"relay {url} lacks 2 of the last 2 messages that another has: it is behind, hides them, or"
        " was not given them"
    )
    assert well == RelayStanding(pair.well.server.url, "", 0, 2, well.ahead)


def test_refused_by_all_is_refused(pair: Pair) -> None:
    relays = pair.relays()
    with pytest.raises(RelayRefusal, match="was lodged here") as refused:
        relays.post(claim(ASKED))
    assert refused.value.status == 404


@pytest.mark.parametrize(
    ("one", "other", "raised"),
    [
        ("dead", "dead", RelayUnreachable),
        ("dead", "refusing", RelayRefusal),
        ("dead", "busy", RelayBusy),
        ("mad", "dead", RelayUnreachable),
        ("mad", "mad", RelayLied),
        ("broken", "mad", RelayRefusal),
    ],
)
def test_without_a_good_one_it_is_as_with_one(
    pair: Pair, one: str, other: str, raised: type[Exception]
) -> None:
    pair.wire.fault, pair.other_wire.fault = (
        getattr(pair.wire, one),
        getattr(pair.other_wire, other),
    )
    relays = pair.relays()
    with pytest.raises(raised) as failed:
        relays.announcements(1)
    assert type(failed.value) is raised
    pair.wire.fault = pair.other_wire.fault = None
    assert relays.announcements(1) == []  # at once, though both were to be left alone


def test_what_failed_everywhere_is_not_posted_later(pair: Pair) -> None:
    relays = pair.relays()
    pair.wire.fault = pair.other_wire.fault = pair.wire.dead
    with pytest.raises(RelayUnreachable):
        relays.post(signed_request())
    pair.wire.fault = pair.other_wire.fault = None
    assert relays.requests().requests == []
    assert relays.requests().requests == []


def test_one_of_another_market_is_told_and_left_out(pair: Pair) -> None:
    pair.wire.fault = lambda asked: httpx.Response(
        200, json={"protocol": 4, "chain_id": 1, "market": DOMAIN.market}
    )
    relays = pair.relays()
    relays.check()
    assert "serves (protocol, chain, market) (4, 1," in relays.standing()[0].why
    pair.other_wire.fault = pair.wire.fault
    with pytest.raises(RelayLied, match="serves"):
        relays.check()


def test_what_it_keeps_is_said_to_all(pair: Pair) -> None:
    relays = pair.relays()
    relays.check()
    assert relays.each[0].keeps == (
        "keeps requests and what is said on them 7 days after their deal's deadline, blobs of up to"
        " 0.0009766 GiB, 0.001953 GiB in all, 7 days after they were last put or asked for"
    )


def test_one_wrong_clock_casts_no_doubt_on_this_machines(pair: Pair) -> None:
    relays = pair.relays()
    pair.wire.fault = lambda asked: httpx.Response(
        200, json=[], headers={"date": "Wed, 01 Jan 2020 00:00:00 GMT"}
    )
    relays.announcements(1)
    ahead = relays.ahead
    assert ahead is not None
    assert abs(ahead) < 60


@pytest.mark.parametrize(
    ("told", "ahead"),
    [
        ((), None),
        ((None, 2.0), 2.0),
        ((0.0, 900.0), 0.0),
        ((3_600.0, 3_599.0, 0.0), 3_599.0),
        ((-50_000.0, 3_600.0, 3_600.5, 0.2), 0.2),
        ((0.1, -0.2, 50_000.0), 0.1),
    ],
)
def test_of_clocks_the_middle_one_counts(told: tuple[float | None, ...], ahead: float) -> None:
    urls = [f"http://127.0.0.1:{9 + place}" for place in range(len(told))]
    relays = Relays.at(urls, DOMAIN)
    for relay, one in zip(relays.each, told, strict=True):
        relay.ahead = one
    assert relays.ahead == ahead
    assert [relays.ahead_of(url) for url in urls] == [one or 0.0 for one in told]
    assert relays.ahead_of("http://127.0.0.1:1") == 0.0
    relays.close()


def test_the_same_address_twice_is_one_relay() -> None:
    relays = Relays.at(["http://127.0.0.1:9/", "http://127.0.0.1:9"], DOMAIN)
    assert relays.urls == ("http://127.0.0.1:9",)
    relays.close()


def test_a_wrong_address_leaves_nothing_open() -> None:
    with pytest.raises(RelayUnreachable, match="is no address of a relay"):
        Relays.at(["http://127.0.0.1:9", "http://[::1"], DOMAIN)


def test_closing_waits_for_nobody(pair: Pair) -> None:
    pair.wire.fault = pair.wire.stalled
    relays = pair.relays(SOON)
    assert relays.announcements(1) == []
    relays.close()
    with pytest.raises(RelayUnreachable, match="not talked to any more"):
        Relays([relays.each[1]]).announcements(1)


def test_who_asks_again_at_once_gets_another_answer(pair: Pair) -> None:
    """Be it before anybody else hears of the first."""
    member = pair.relays()._members[0]
    begun, answers, again = threading.Event(), iter((1, 2)), []

    def act(relay: Any) -> int:
        begun.wait()
        return next(answers)

    first = member.ask("question", act)
    first.add_done_callback(lambda done: again.append(member.ask("question", act)))
    begun.set()
    assert first.result() == 1
    member.ask("a later turn of its thread", lambda relay: None).result()
    assert [one.result() for one in again] == [2]


def test_one_that_is_left_alone_is_asked_once_the_others_fail(pair: Pair) -> None:
    """It may be back by then: nobody hears of the others' failure."""
    relays = pair.relays()
    for message in MESSAGES:
        relays.post(message)
    pair.wire.fault = pair.wire.dead
    relays.announcements(1)
    pair.wire.fault, pair.other_wire.fault = None, pair.other_wire.dead
    assert relays.announcements(1) == ALL["announcements"]
    pair.wire.fault, pair.other_wire.fault = pair.wire.dead, None
    assert relays.claims(ID) == ALL["claims"]
    relays.post(signed_request(salt=5))
