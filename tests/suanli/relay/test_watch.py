"""What a relay says of itself: to everybody at `/health`, and to its operator in figures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from suanli.base import metrics
from suanli.base.database import Database
from suanli.chain import Block, TransportError, WrongChain
from suanli.relay.errors import RelayRefusal
from suanli.relay.server.app import create_app
from suanli.relay.server.index import IndexFailed
from suanli.relay.server.limits import Places, RateLimiter
from suanli.relay.server.watch import RelayWatch, looking
from tests.harness.measured import NOW, Measured, measured
from tests.suanli.relay.conftest import Relay

SECRET = "postgresql://suanli:secret@localhost/suanli"
AWAY = "the node does not answer: what the chain must judge is refused for now"


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Measured]:
    (tmp_path / "measured").mkdir()
    with measured(tmp_path / "measured") as made:
        yield made


def served(relay: Relay, found: Measured) -> httpx.Response:
    found.watch.look()
    relay.server.app = create_app(relay.board, relay.store, watch=found.watch)
    return relay.http.get("/health")


def test_one_that_is_well(relay: Relay, found: Measured) -> None:
    answer = served(relay, found)
    said = answer.json()
    assert said.pop("version")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert said == {
        "well": True,
        "wrong": {},
        "warnings": {},
        "seen": NOW,
        "chain": {"block": 100, "time": NOW - 3},
        "index": {"block": 99, "behind": 1},
        "blobs": {"bytes": 0, "limit": 1000},
    }
    head = relay.http.head("/health")
    assert (head.status_code, head.text) == (200, "")
    assert relay.http.post("/health").status_code == 405


def test_one_that_is_not(relay: Relay, found: Measured) -> None:
    found.node.fails = TransportError(f"no answer from {SECRET}")
    answer = served(relay, found)
    assert answer.status_code == 503
    assert answer.json()["wrong"] == {"chain": AWAY}
    assert answer.json()["chain"] is None
    assert relay.http.head("/health").status_code == 503


def test_before_it_has_looked(relay: Relay, found: Measured) -> None:
    relay.server.app = create_app(relay.board, relay.store, watch=found.watch)
    answer = relay.http.get("/health")
    assert (answer.status_code, answer.json()["wrong"]) == (503, {"relay": "it is starting"})


def test_reasons_that_may_be_secret_are_for_the_log(
    found: Measured, caplog: pytest.LogCaptureFixture
) -> None:
    found.node.fails, found.index.fails = TransportError(f"no {SECRET}"), IndexFailed(SECRET)
    wrong = found.watch.look().wrong
    assert wrong == {
        "chain": AWAY,
        "index": "it does not get on: see the relay's log",
    }
    assert f"chain: {AWAY} (no {SECRET})" in caplog.text
    assert f"index: it does not get on: see the relay's log ({SECRET})" in caplog.text


def test_changes_alone_are_logged(found: Measured, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "suanli.relay")
    found.node.fails = WrongChain(2, 1337)
    for _ in range(3):
        found.watch.look()
    found.node.fails = None
    found.watch.look()
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        f"chain: the node serves another chain ({WrongChain(2, 1337)})",
        "chain: well again",
    ]


def test_what_gets_worse_and_better_is_logged(
    found: Measured, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "suanli.relay")
    for size in (950, 40, 9):
        found.store.put(bytes(size))
        found.watch.look()
    found.store.collect((), NOW * 2)
    found.watch.look()
    assert [record.getMessage() for record in caplog.records] == [
        "blobs: they take 95% of what they may (--max-bytes)",
        "blobs: they take 99% of what they may (--max-bytes)",
        "blobs: well again",
    ]


def test_an_index_that_lags(found: Measured) -> None:
    """A block that comes each second is none too many behind."""
    for second in range(0, 200, 10):
        found.now = float(second)
        found.node.block = numbered(found, 100 + second)
        found.index.found = replace(found.index.found, block=99 + second)
        assert found.watch.look().wrong == {}
    for second in range(200, 260, 10):
        found.now = float(second)
        found.node.block = numbered(found, 100 + second)
        assert found.watch.look().wrong == {}
    found.now = 300.0
    assert found.watch.look().wrong == {"index": "it is 61 blocks behind the chain"}
    found.index.found = replace(found.index.found, block=350)
    seen = found.watch.look()
    assert (seen.wrong, seen.behind) == ({}, 0)


def numbered(found: Measured, number: int) -> Block:
    return replace(found.node.block, number=number)


def test_what_the_index_says_of_itself(found: Measured) -> None:
    found.index.found = replace(found.index.found, problem="the node at a is away")
    assert found.watch.look().wrong == {"index": "it does not get on: see the relay's log"}
    found.index.found = replace(found.index.found, block=None, problem=None)
    assert found.watch.look().wrong == {"index": "it has read nothing yet"}


@pytest.mark.parametrize(
    ("size", "wrong", "warnings"),
    [
        (899, {}, {}),
        (900, {}, {"blobs": "they take 90% of what they may (--max-bytes)"}),
        (990, {"blobs": "they take 99% of what they may (--max-bytes)"}, {}),
    ],
)
def test_blobs_that_fill_their_room(
    found: Measured, size: int, wrong: dict[str, str], warnings: dict[str, str]
) -> None:
    found.store.put(bytes(size))
    seen = found.watch.look()
    assert (seen.wrong, seen.warnings) == (wrong, warnings)


@pytest.mark.parametrize(
    ("free", "wrong", "warnings"),
    [
        (looking.FEW, {}, {}),
        (looking.FEW - 1, {}, {"disk": "it is nearly full"}),
        (looking.FEWEST - 1, {"disk": "it is full"}, {}),
    ],
)
def test_a_disk_that_fills(
    found: Measured,
    monkeypatch: pytest.MonkeyPatch,
    free: int,
    wrong: dict[str, str],
    warnings: dict[str, str],
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_bavail=free, f_frsize=1))
    seen = found.watch.look()
    assert (seen.wrong, seen.warnings, seen.free) == (wrong, warnings, free)


def test_a_disk_that_is_gone(found: Measured, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: object) -> None:
        raise OSError("Stale file handle")

    monkeypatch.setattr(os, "statvfs", gone)
    assert found.watch.look().wrong == {"disk": "it can't be read: no blob is kept or found"}


def test_a_database_that_cant_be_written(found: Measured, tmp_path: Path) -> None:
    read = Database(tmp_path / "measured" / "relay.sqlite", "", readonly=True)
    seen = RelayWatch(read, found.store, clock=lambda: NOW).look()
    read.close()
    assert seen.wrong == {"messages": "their database can't be used: nothing posted is kept"}


def test_a_look_that_fails_is_told_and_the_others_go_on(
    found: Measured, caplog: pytest.LogCaptureFixture
) -> None:
    found.node.fails = ValueError("nonsense")
    seen = found.watch.look()
    assert seen.wrong == {"chain": "ValueError: see the relay's log"}
    assert seen.index is not None
    assert "ValueError: nonsense" in caplog.text


def test_what_hangs_is_told_meanwhile(found: Measured, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks does not wait for it."""
    heard: list[dict[str, str]] = []
    head = found.node.head

    def hangs() -> Any:
        for later in (0.0, 60.0, 1.0):
            found.now += later
            heard.append(found.watch.seen().wrong)
        return head()

    found.index.found = replace(found.index.found, block=100)
    found.watch.look()
    monkeypatch.setattr(found.node, "head", hangs)
    found.watch.look()
    assert heard == [{}, {}, {"chain": "it has not answered for 61 s"}]
    assert found.watch.seen().wrong == {}


def figures(found: Measured) -> dict[str, float]:
    every = metrics.StatusCollector("relay", found.watch.status, found.figures).collect()
    return {
        ",".join([one.name, *one.labels.values()]): one.value
        for family in every
        for one in family.samples
    }


def test_figures(found: Measured) -> None:
    found.store.put(bytes(100))
    found.watch.look()
    told = figures(found)
    assert told["suanli_relay_blob_bytes"] == 100
    assert told["suanli_relay_blob_limit_bytes"] == 1000
    assert told["suanli_relay_board_entries,requests"] == 0
    assert told["suanli_relay_chain_block"] == 100
    assert told["suanli_relay_chain_age_seconds"] == 3
    assert told["suanli_index_block"] == 99
    assert told["suanli_index_behind_blocks"] == 1
    assert told["suanli_index_events_total"] == 7
    assert told["suanli_index_reorganizations_total"] == 1
    assert told["suanli_index_query_seconds_count,read"] == 1


def test_messages_are_counted(relay: Relay) -> None:
    relay.board.roots.tell("blob", "root", "caller")
    seen = RelayWatch(relay.database, relay.store, clock=lambda: NOW).look()
    assert seen.board is not None
    assert (seen.board["roots"], seen.board["requests"], seen.open_requests) == (1, 0, 0)
    assert seen.database_size is not None
    assert seen.database_size > 0


def test_what_callers_send_makes_no_names(relay: Relay, found: Measured) -> None:
    """Paths, ids and methods are theirs to choose; whoever scrapes must not have to keep them."""
    found.tally.rooms.clear()
    relay.server.app = create_app(relay.board, relay.store, tally=found.tally)
    strange = ["/v1/blobs/{}", "/deal/{}", "/api/v1/{}", "/v1/requests/{}/acceptance", "/{}/a/b"]

    def ask(number: int) -> None:
        for path in strange:
            relay.http.get(path.format(f"0x{number:064x}"))
        relay.http.request(f"BREW{number}", f"/v1/blobs/{number}")
        relay.http.request("PURGE", f"/{number}")

    ask(0)
    before = figures(found).keys()
    for number in range(1, 10):
        ask(number)
    told = figures(found)
    assert told.keys() == before
    assert told["suanli_relay_requests_total,GET,/v1/blobs/{cid},400"] == 10
    assert told["suanli_relay_requests_total,other,/v1/blobs/{cid},405"] == 10
    assert told["suanli_relay_request_seconds_count,/v1/blobs/{cid}"] == 20


def test_refusals_are_counted(relay: Relay, found: Measured) -> None:
    found.tally.rooms.clear()
    limiter = RateLimiter(1, 2, clock=lambda: 0.0)
    relay.server.app = create_app(relay.board, relay.store, limiter=limiter, tally=found.tally)
    assert [relay.http.get("/v1/info").status_code for _ in range(3)] == [200, 200, 429]
    told = figures(found)
    assert told["suanli_relay_refusals_total,calls"] == 1
    assert told["suanli_relay_requests_total,GET,/v1/info,200"] == 2
    assert told["suanli_relay_requests_total,GET,other,429"] == 1


def test_places_are_counted(found: Measured) -> None:
    room = Places("streams of events", of_all=2, of_one=1)
    found.tally.rooms.append(room)
    room.take("a")
    for _ in range(2):
        with pytest.raises(RelayRefusal):
            room.take("a")
    told = figures(found)
    assert told["suanli_relay_places,streams_of_events"] == 1
    assert told["suanli_relay_places_limit,streams_of_events"] == 2
    assert told["suanli_relay_refusals_total,streams_of_events"] == 2
    room.back("a")
    assert figures(found)["suanli_relay_places,streams_of_events"] == 0


def test_a_failure_without_an_answer_is_counted_and_logged_where_all_is(
    relay: Relay, found: Measured, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(relay.board, relay.store, tally=found.tally)

    @app.get("/v1/fails")
    def fails() -> None:
        raise ZeroDivisionError

    app.router.routes.insert(0, app.router.routes.pop())
    relay.server.app = app
    assert relay.http.get("/v1/fails").status_code == 500
    assert figures(found)["suanli_relay_requests_total,GET,/v1/fails,500"] == 1
    assert httpx.get(f"{relay.server.url}/v1/info").status_code == 200  # it has logged it by then
    assert "ZeroDivisionError" in caplog.text
