"""The API over an index of a chain that is made up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from suanli.relay.server.index.api import add_index
from suanli.relay.server.index.feed import Feed
from suanli.relay.server.index.indexer import IndexProgress
from suanli.relay.server.index.queries import Queries, people
from suanli.relay.server.index.store import IndexFailed, open_engine
from suanli.relay.server.problems import handle_errors
from tests.harness.logs import Happenings, MadeUpChain, MadeUpConstants
from tests.suanli.relay.conftest import Server
from tests.suanli.relay.index.conftest import Now, indexed


@pytest.fixture(scope="module")
def chain() -> MadeUpChain:
    chain = MadeUpChain()
    Happenings(chain, 41).happen(160, most=5)
    return chain


@pytest.fixture(scope="module")
def client(
    chain: MadeUpChain, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    app = FastAPI()
    handle_errors(app)
    engine = open_engine(tmp_path_factory.mktemp("index") / "index.sqlite")
    found = indexed(chain, engine)
    found.read()
    progress = lambda: found.indexer.progress  # noqa: E731
    live: Any = Now()
    config = {
        "version": "0",
        "protocol": 4,
        "chain_id": 1337,
        "contracts": {"market": "0x" + "1" * 40}
        | dict.fromkeys(("channels", "storage", "governor", "timelock", "voting_token")),
        "token": {"address": "0x" + "9" * 40, "symbol": "SLT", "decimals": 18},
        "confirmations": 1,
        "max_blob": 1,
    }
    queries = Queries(config, found.store, MadeUpConstants.scale, progress, live, None)
    add_index(app, lambda: queries, Feed(lambda: found.store, progress))
    server.app = app
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        yield client
    engine.dispose()


def get(client: httpx.Client, path: str, **query: Any) -> Any:
    answer = client.get(f"/api/v1/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def all_of(client: httpx.Client, path: str, limit: int = 7, **query: Any) -> list[Any]:
    """Page by page."""
    found, after = [], None
    while True:
        more = {} if after is None else {"after": after}
        page = get(client, path, limit=limit, **query, **more)
        assert len(page["items"]) <= limit
        found += page["items"]
        after = page["next"]
        if after is None:
            return found


LISTS = ("offers", "requests", "deals", "miners", "cases", "channels", "proposals", "history")


@pytest.mark.parametrize("path", LISTS)
def test_pages_have_each_item_once(client: httpx.Client, path: str) -> None:
    found = all_of(client, path, 7)
    assert found == all_of(client, path, 200)
    assert len({str(item) for item in found}) == len(found) > 2


@pytest.mark.parametrize(
    ("path", "one"),
    [("deals", "deals"), ("cases", "cases"), ("channels", "channels"), ("proposals", "proposals")],
)
def test_each_has_its_story_in_time_order(client: httpx.Client, path: str, one: str) -> None:
    for item in all_of(client, path):
        story = get(client, f"{one}/{item['id']}")
        asked = ("state", "quorum") if path == "proposals" else ()
        assert {name: story[name] for name in item if name not in asked} == {
            name: item[name] for name in item if name not in asked
        }
        places = [(entry["at"]["block"], entry["at"]["place"]) for entry in story["history"]]
        assert places == sorted(places) != []


def test_a_list_of_proposals_asks_the_chain_nothing(client: httpx.Client) -> None:
    found = all_of(client, "proposals")
    assert {item["quorum"] for item in found} == {None}
    stories = [get(client, f"proposals/{item['id']}") for item in found]
    assert "4" in {story["quorum"] for story in stories}
    over = [(item, story) for item, story in zip(found, stories, strict=True) if _is_over(story)]
    assert {story["state"] for _, story in over} == {"defeated"}
    for item, _ in over:
        won = int(item["in_favour"]) > int(item["against"])
        assert item["state"] == ("succeeded" if won else "defeated")


def _is_over(proposal: Any) -> bool:
    return proposal["state"] not in ("pending", "active")


def test_deals_by_state(client: httpx.Client) -> None:
    every = all_of(client, "deals")
    states = {deal["state"] for deal in every}
    assert states >= {"confirmed", "settled", "submitted", "challenged", "defaulted", "overturned"}
    for state in states:
        wanted = [deal for deal in every if deal["state"] == state]
        assert all_of(client, "deals", state=state) == wanted
    requester = every[0]["requester"]
    wanted = [deal for deal in every if deal["requester"] == requester]
    assert all_of(client, "deals", requester=requester) == wanted


def test_requests_by_state(client: httpx.Client) -> None:
    every = all_of(client, "requests")
    for state in {request["state"] for request in every}:
        wanted = [request for request in every if request["state"] == state]
        assert all_of(client, "requests", state=state) == wanted
    one = get(client, f"requests/{every[0]['id']}")
    assert one["history"][0]["name"] == "RequestPosted"
    assert {**one, "history": []} == every[0]


@pytest.mark.parametrize(
    ("order", "name", "sign"),
    [("ask", "ask", 1), ("-free", "free", -1), ("miner_id", "miner_id", 1)],
)
def test_offers_are_sorted_by_number_not_by_text(
    client: httpx.Client, order: str, name: str, sign: int
) -> None:
    found = [sign * int(offer[name]) for offer in all_of(client, "offers", 2, order=order)]
    assert found == sorted(found)


def test_prices_by_the_minute_add_up_to_the_day(client: httpx.Client) -> None:
    minutes = get(client, "classes/1/prices", step="minute")["points"]
    days = get(client, "classes/1/prices", step="day")["points"]
    for name in ("deals", "units", "value"):
        assert sum(int(p[name]) for p in minutes) == sum(int(p[name]) for p in days) > 0
    assert days[-1]["close"] == [p["close"] for p in minutes if p["close"]][-1]
    assert int(days[-1]["low"]) == min(int(p["low"]) for p in minutes if p["low"])
    kind = get(client, "classes/1")
    for name in ("registered", "published", "demanded"):
        assert minutes[-1][name] == kind[name]
    part = get(client, "classes/1/prices", step="minute", **{"to": minutes[-2]["start"]})
    assert part["points"] == minutes[:-1]


def test_an_estimate_says_why_not(client: httpx.Client) -> None:
    def codes(**query: Any) -> list[set[str]]:
        found = get(client, "classes/1/estimate", **query)["offers"]
        assert [one["takes"] for one in found] == sorted((o["takes"] for o in found), reverse=True)
        return [{reason["code"] for reason in one["reasons"]} for one in found]

    assert all("units_above_tasks" in one for one in codes(units=1_001, tasks=1))
    assert all("ask_above_bid" in one for one in codes(units=1, max_price=1))
    assert all("bid_below_floor" in one for one in codes(units=1, max_price=0))
    assert all("too_few_units" in one for one in codes(units=10**7, tasks=10**6))
    assert client.get("/api/v1/classes/2/estimate?units=1").status_code == 503


def test_what_strangers_wrote_is_data(client: httpx.Client) -> None:
    answer = client.get("/api/v1/classes")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()[1]["unit"] == "<script>alert(1)</script>\u202e GB-day"
    texts = {proposal["description"] for proposal in all_of(client, "proposals")}
    assert texts <= {"a fee", "\u202egnp.exe", "\ufffd"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("deals/0x12", 422),
        ("deals/" + "0x" + "0" * 64, 404),
        ("miners/99", 404),
        ("classes/77", 404),
        ("deals?limit=201", 422),
        ("deals?after=x", 422),
        ("deals?after=" + "9" * 40, 422),
        ("offers?after=99999999", 422),
        ("offers?order=name", 422),
        ("history?about=miner", 422),
        ("history?about=miner&id=x", 422),
        ("history?about=deal&id=0x12", 422),
        ("events?about=deal&id=0x12", 422),
        ("accounts/0x12", 422),
        ("classes/1/estimate?units=0", 422),
    ],
)
def test_what_can_not_be_answered(client: httpx.Client, path: str, status: int) -> None:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == status
    assert list(answer.json()) == ["detail"]
    assert 5 < len(answer.json()["detail"]) < 200


def test_an_account(client: httpx.Client, chain: MadeUpChain) -> None:
    deal = get(client, "deals")["items"][0]
    found = get(client, f"accounts/{deal['requester']}")
    assert found["deals"] == len(all_of(client, "deals", requester=deal["requester"]))
    assert found["miner_id"] is None
    upper = deal["requester"].upper().replace("X", "x")
    assert get(client, f"accounts/{upper}")["address"] == deal["requester"]
    assert get(client, f"accounts/{deal['miner']}")["miner_id"] == deal["miner_id"]


def test_the_document_is_served_and_whole(client: httpx.Client) -> None:
    document = client.get("/api/openapi.json").json()
    assert set(document["paths"]) == {
        path for path in document["paths"] if path.startswith("/api/v1/")
    }
    text = str(document)
    names = {part.split("'")[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= set(document["components"]["schemas"])
    assert "http://" not in text
    assert "https://" not in text


def test_events_of_a_name_are_found_a_part_at_a_time(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = all_of(client, "history", 200, about="class", id="1")
    wanted = [entry for entry in every if entry["name"] == "OfferPublished"]
    about = {"about": "class", "id": "1", "name": "OfferPublished"}
    assert all_of(client, "history", **about) == wanted
    monkeypatch.setattr(people, "MOST_LOOKED", 5)
    assert all_of(client, "history", **about) == wanted
    first = get(client, "history", limit=50, **about)
    assert len(first["items"]) < 6
    assert first["next"]


def test_why_the_database_fails_is_for_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> Any:
        raise IndexFailed('connection failed: host "db.internal", user "suanli"')

    app = FastAPI()
    handle_errors(app)
    add_index(app, fail, Feed(lambda: None, IndexProgress))
    with closing(Server()) as server:
        server.app = app
        answers = [httpx.get(f"{server.url}/api/v1/status", trust_env=False) for _ in range(3)]
    for answer in answers:
        assert answer.status_code == 503
        assert answer.json() == {
            "detail": "the index's database can't be used: see the relay's log"
        }
    assert caplog.text.count("db.internal") == 1
