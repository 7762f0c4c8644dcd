"""The daemon's lane to the relay, with a relay in trouble or full of noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from suanli.chain import signed_to_json
from suanli.miner import relay_desk
from suanli.miner.lane import Lane
from suanli.relay import RelayClient
from tests.relay.conftest import DOMAIN, MINER, NOW, OTHER, signed_request


@dataclass
class Settings:
    miner: str = MINER.address
    resource: int = 1


def desk_at(answer: Any, events: list[Any]) -> relay_desk.RelayDesk:
    client = RelayClient("http://relay", DOMAIN, transport=httpx.MockTransport(answer))
    settings: Any = Settings()
    made = relay_desk.RelayDesk(client, MINER, settings, "", now=lambda: NOW, post=events.append)
    made.selling = False
    return made


@pytest.mark.parametrize("status", [301, 400, 500, 502, 503, 507])
def test_a_relay_in_trouble_is_an_outage(status: int) -> None:
    desk = desk_at(lambda _: httpx.Response(status, content=b"<html>Bad Gateway</html>"), [])
    told: list[str] = []
    lane = Lane(
        "relay", relay_desk.OUTAGES, poll=desk.poll, tell=lambda name, why: told.append(why)
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
    desk_at(answer, seen).poll()
    assert [event.id for event in seen] == [DOMAIN.request_id(signed_request().message)]
