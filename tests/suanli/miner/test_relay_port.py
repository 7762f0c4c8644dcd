"""The daemon's lane to the relay, with a relay in trouble or full of noise."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from suanli.daemon.lane import Lane
from suanli.engine import Compilations
from suanli.miner.core import Talk
from suanli.miner.ports import relay as relay_port
from suanli.protocol import signed_to_json
from suanli.relay import RelayClient, Relays
from suanli.relay.paths import PROTOCOL
from tests.harness.simulation import SETTINGS
from tests.suanli.relay.conftest import DOMAIN, MINER, NOW, OTHER, signed_request


def port_at(
    answer: Any, events: list[Any], clock: Callable[[], float] = time.monotonic
) -> relay_port.RelayPort:
    client = RelayClient("http://relay", DOMAIN, transport=httpx.MockTransport(answer))
    settings = replace(SETTINGS, miner=MINER.address, speed=2_199.9, margin=1.234)
    made = relay_port.RelayPort(
        Relays([client]),
        MINER,
        settings,
        bytes,
        now=lambda: NOW,
        post=events.append,
        monotonic=clock,
    )
    made.talk = Talk(selling=False)
    return made


@pytest.mark.parametrize("status", [301, 400, 500, 502, 503, 507])
def test_a_relay_in_trouble_is_an_outage(status: int) -> None:
    port = port_at(lambda _: httpx.Response(status, content=b"<html>Bad Gateway</html>"), [])
    told: list[str] = []
    lane = Lane(
        "relay", relay_port.OUTAGES, poll=port.poll, tell=lambda name, why: told.append(why)
    )
    lane.step()
    assert lane.away
    assert len(told) == 1


def test_pages_of_noise_do_not_hide_a_request() -> None:
    forged, honest = signed_to_json(signed_request(OTHER)), signed_to_json(signed_request())

    def answer(asked: httpx.Request) -> httpx.Response:
        after = int(asked.url.params["after"])
        items = [{"sequence": n, "signed": forged} for n in range(1, 1001)]
        items.append({"sequence": 1001, "signed": honest})
        return httpx.Response(200, json=[i for i in items if i["sequence"] > after][:500])

    seen: list[Any] = []
    port_at(answer, seen).poll()
    assert [event.id for event in seen] == [DOMAIN.request_id(signed_request().message)]


def test_an_announcement_that_was_refused_is_soon_made_again() -> None:
    """The relay's chain may not know the miner yet."""
    now, announced, refused = [0.0], [], [True]

    def answer(asked: httpx.Request) -> httpx.Response:
        if asked.url.path == "/v1/announcements":
            announced.append(now[0])
            message = json.loads(asked.content)["message"]
            rule = {name: message[name] for name in ("unitsPerSecond", "margin", "reserve")}
            assert rule == {"unitsPerSecond": 2_199, "margin": 124, "reserve": 15}
            return httpx.Response(403 if refused[0] else 204)
        info = {"protocol": PROTOCOL, "chain_id": DOMAIN.chain_id, "market": DOMAIN.market}
        return httpx.Response(200, json=info if asked.url.path == "/v1/info" else [])

    port = port_at(answer, [], clock=lambda: now[0])
    port.talk, port._public_key = Talk(), lambda: b"\x02" + b"\x88" * 32
    for at in range(0, 300, 10):
        now[0], refused[0] = at, at < 30
        port.poll()
    assert announced == [0, 30, 230]


def test_what_was_compiled_since_is_soon_announced() -> None:
    now, has, announced = [0.0], [Compilations((b"\1" * 32,), 5_000)], []

    def answer(asked: httpx.Request) -> httpx.Response:
        if asked.url.path == "/v1/announcements":
            message = json.loads(asked.content)["message"]
            announced.append((now[0], message["programs"], message["compileRate"]))
            return httpx.Response(204)
        info = {"protocol": PROTOCOL, "chain_id": DOMAIN.chain_id, "market": DOMAIN.market}
        return httpx.Response(200, json=info if asked.url.path == "/v1/info" else [])

    port = port_at(answer, [], clock=lambda: now[0])
    port.talk, port._public_key = Talk(), lambda: b"\x02" + b"\x88" * 32
    port._compiled = lambda: has[0]
    for at in range(0, 60, 5):
        now[0] = at
        if at == 25:
            has[0] = Compilations((b"\2" * 32, b"\1" * 32), 1 << 40)
        if at == 45:  # used in another order, which is no news
            has[0] = Compilations((b"\1" * 32, b"\2" * 32), 1 << 40)
        port.poll()
    one, two = "0x" + "01" * 32, "0x" + "02" * 32
    assert announced == [(0, [one], 5_000), (30, [two, one], (1 << 32) - 1)]


def test_how_far_deals_are_is_told_when_it_changes_and_as_a_sign_of_life() -> None:
    now, told = [0.0], []

    def answer(asked: httpx.Request) -> httpx.Response:
        if asked.url.path == "/v1/progress":
            message = json.loads(asked.content)["message"]
            told.append((now[0], message["request"][-1], message["done"], message["tasks"]))
            return httpx.Response(404 if message["request"][-1] == "2" else 204)
        return httpx.Response(200, json=[])

    port = port_at(answer, [], clock=lambda: now[0])
    one, two = bytes(31) + b"\x01", bytes(31) + b"\x02"
    for second in range(30):
        now[0] = second
        deals = [(one, min(second, 10), 20), (two, 0, 5)]
        port.talk = Talk(False, deals[: 2 if second < 20 else 1])
        port.poll()
    assert [one for one in told if one[1] == "1"] == [
        (0, "1", 0, 20),
        (4, "1", 4, 20),
        (8, "1", 8, 20),
        (12, "1", 10, 20),
        (24, "1", 10, 20),
    ]
    assert [one for one in told if one[1] == "2"] == [(0, "2", 0, 5), (12, "2", 0, 5)]


def test_of_deals_that_wait_no_more_nothing_is_remembered() -> None:
    asked: list[str] = []

    def answer(question: httpx.Request) -> httpx.Response:
        if question.url.path.endswith("/acceptance"):
            asked.append(question.url.path)
            return httpx.Response(200, json=None)
        return httpx.Response(200, json=[])

    seen: list[Any] = []
    port = port_at(answer, seen)
    for salt in range(3):
        made = signed_request(salt=salt).message
        port.talk = Talk(selling=False, awaiting=[(DOMAIN.request_id(made), made)])
        port.poll()
        port.poll()
    assert (len(asked), len(seen)) == (6, 3)  # each is told once
    port.talk = Talk(selling=False)
    port.poll()
    assert port._asked == set()
