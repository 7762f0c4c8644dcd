"""The index over HTTP: what `shapes` describes, below `/api/v1`."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response
from fastapi import Path as InPath
from fastapi.openapi.utils import get_openapi
from fastapi.sse import EventSourceResponse, ServerSentEvent

from suanli.base.version import VERSION
from suanli.relay.errors import RelayRefusal
from suanli.relay.server.index import shapes
from suanli.relay.server.index.feed import Feed
from suanli.relay.server.index.queries import Queries, about_id
from suanli.relay.server.index.shapes import PageShape
from suanli.relay.server.index.store import IndexFailed
from suanli.relay.server.problems import problem

PREFIX = "/api/v1"
STREAM_PATH = f"{PREFIX}/events"
DOCUMENT = "/api/openapi.json"
REFUSALS = (404, 422, 429, 503)
MOST_LISTED, USUALLY_LISTED = 200, 50
MOST_UNITS = (1 << 64) - 1
QUIET = 60.0
"""Seconds between lines of the log about questions that failed."""
log = logging.getLogger("suanli.relay")

Number = Annotated[int, Query(ge=0, lt=1 << 32)]
Address = Annotated[str, Query(pattern="^0x[0-9a-fA-F]{40}$")]
Digest = Annotated[str, Query(pattern="^0x[0-9a-f]{64}$")]
Units = Annotated[int, Query(ge=1, le=MOST_UNITS)]
Price = Annotated[int, Query(ge=0, lt=1 << 96, description="10^-18 token per unit")]
Second = Annotated[int, Query(ge=0, lt=1 << 40)]
Limit = Annotated[int, Query(ge=1, le=MOST_LISTED, description="items at most")]
After = Annotated[str, Query(max_length=120, description="`next` of the page before")]
Id = Annotated[str, InPath(pattern="^0x[0-9a-f]{64}$")]
Resource = Annotated[int, InPath(ge=1, lt=1 << 32)]
STREAM = """New events as server-sent events, within a second of their block.

- `event: entry`: a HistoryEntry, with its id.
- `event: block`: a Block: so far the index has read.
- `event: reorganized`: a Block: all above it is undone, and comes anew.
- `event: reset`: what was missed is too much to be told: read anew.

With the header Last-Event-ID it goes on after that entry. `about` with `id`: only what concerns one
thing."""
Order = Literal["ask", "-free", "-score", "miner_id"]


Ask = Callable[[], Queries]
"""Raises RelayRefusal while there is nothing to be asked."""


def add_index(app: FastAPI, ask: Ask, feed: Feed) -> None:
    app.include_router(_router(ask, feed))
    described = document()
    quiet_until = 0.0

    @app.exception_handler(IndexFailed)
    async def failed(_: Request, error: IndexFailed) -> Response:
        nonlocal quiet_until
        if time.monotonic() >= quiet_until:
            quiet_until = time.monotonic() + QUIET
            log.warning("the index's database can't be asked: %s", error.reason)
        return problem(RelayRefusal(503, str(error)))

    @app.get(DOCUMENT, include_in_schema=False)
    def openapi() -> dict[str, Any]:
        return described


def _router(ask: Ask, feed: Feed) -> APIRouter:
    refused: dict[int | str, dict[str, Any]] = {s: {"model": shapes.ProblemShape} for s in REFUSALS}
    router = APIRouter(prefix=PREFIX, responses=refused)
    _add_market(router, ask)
    _add_offers(router, ask)
    _add_deals(router, ask)
    _add_leases(router, ask)
    _add_people(router, ask)
    _add_events(router, feed)
    return router


def document() -> dict[str, Any]:
    """The OpenAPI document of these routes alone, whole in itself."""
    nobody: Any = None  # what describes them asks nothing
    router = _router(nobody, Feed(nobody, nobody))
    described = get_openapi(
        title="Suanli index",
        version=VERSION,
        description=f"{shapes.__doc__}\nWhat is refused answers with a status and `detail`.",
        routes=router.routes,
    )
    # Its types are named for what they say.
    named: dict[str, Any] = json.loads(
        re.sub(r"(?<=[A-Za-z])Shape\b|(?<=[a-z])Shape(?=_)", "", json.dumps(described))
    )
    return named


def _add_market(router: APIRouter, ask: Ask) -> None:
    @router.get("/config")
    def config() -> shapes.ConfigShape:
        """Which market this is: what a page needs to read and to sign."""
        return ask().config()

    @router.get("/status")
    def status() -> shapes.StatusShape:
        """How far the index has read the chain."""
        return ask().status()

    @router.get("/classes")
    def classes() -> list[shapes.ResourceClassShape]:
        """All resource classes, the first 200."""
        return ask().classes()

    @router.get("/classes/{resource}")
    def resource_class(resource: Resource) -> shapes.ResourceClassShape:
        return ask().resource_class(resource)

    @router.get("/classes/{resource}/prices")
    def prices(
        resource: Resource,
        step: shapes.Step = "hour",
        begin: Annotated[Second, Query(alias="from")] = 0,
        end: Annotated[Second, Query(alias="to")] = (1 << 40) - 1,
    ) -> shapes.PricesShape:
        """Price, supply and demand over time, oldest first: 720 points at most, the newest of
        those asked for."""
        return ask().prices(resource, step, begin, end)

    @router.get("/classes/{resource}/estimate")
    def estimate(
        resource: Resource,
        units: Units,
        tasks: Annotated[int, Query(ge=1, lt=1 << 32)] = 1,
        max_price: Price | None = None,
        runtime: Digest | None = None,
        requester: Address | None = None,
    ) -> shapes.EstimateShape:
        """What a job of so many units would cost now, and why each offer would take it or not;
        `max_price`: the bid, `runtime`: id that it needs, `requester`: who asks."""
        return ask().estimate(resource, units, tasks, max_price, runtime, requester)


def _add_offers(router: APIRouter, ask: Ask) -> None:
    @router.get("/offers")
    def offers(
        resource: Number | None = None,
        state: shapes.OfferState | None = None,
        least: Annotated[int, Query(ge=0, le=MOST_UNITS, description="units free")] = 0,
        order: Order = "ask",
        limit: Limit = USUALLY_LISTED,
        after: After | None = None,
    ) -> PageShape[shapes.OfferShape]:
        """Offers of all miners; `order`: by what, "-" from the greatest."""
        return ask().offers(resource, state, least, order, limit, after)


def _add_deals(router: APIRouter, ask: Ask) -> None:
    @router.get("/requests")
    def requests(
        resource: Number | None = None,
        requester: Address | None = None,
        state: Literal["posted", "expired", "cancelled"] | None = None,
        limit: Limit = USUALLY_LISTED,
        after: After | None = None,
    ) -> PageShape[shapes.RequestShape]:
        """Requests that were posted on chain and are no deals."""
        asked = {"resource": resource, "requester": requester, "state": state}
        return ask().requests(asked, limit, after)

    @router.get("/requests/{id}")
    def request(id: Id) -> shapes.RequestShape:
        """A request that was posted, or that this relay's board has; as a deal it is in /deals."""
        return ask().request(id)

    @router.get("/deals")
    def deals(
        resource: Number | None = None,
        requester: Address | None = None,
        miner_id: Number | None = None,
        state: shapes.DealState | None = None,
        limit: Limit = USUALLY_LISTED,
        after: After | None = None,
    ) -> PageShape[shapes.DealShape]:
        """Deals, those confirmed last first."""
        asked = {"resource": resource, "requester": requester, "state": state}
        return ask().deals(asked | {"miner_id": miner_id}, limit, after)

    @router.get("/deals/{id}")
    def deal(id: Id) -> shapes.DealStoryShape:
        """A deal with its request, its cases, and all that happened to it."""
        return ask().deal(id)

    @router.get("/cases")
    def cases(
        deal: Digest | None = None,
        miner_id: Number | None = None,
        filer: Address | None = None,
        open: bool | None = None,
        limit: Limit = USUALLY_LISTED,
        after: After | None = None,
    ) -> PageShape[shapes.CaseShape]:
        """Challenges before the courts, those filed last first."""
        asked = {"deal": deal, "miner_id": miner_id, "filer": filer, "open": open}
        return ask().cases(asked, limit, after)

    @router.get("/cases/{id}")
    def case(id: Id) -> shapes.CaseStoryShape:
        return ask().case(id)


def _add_leases(router: APIRouter, ask: Ask) -> None:
    @router.get("/channels")
    def channels(
        requester: Address | None = None,
        miner_id: Number | None = None,
        open: bool | None = None,
        limit: Limit = USUALLY_LISTED,
        after: After | None = None,
    ) -> PageShape[shapes.ChannelShape]:
        """Payment channels, those opened last first."""
        asked = {"requester": requester, "miner_id": miner_id, "open": open}
        return ask().channels(asked, limit, after)

    @router.get("/channels/{id}")
    def channel(id: Id) -> shapes.ChannelStoryShape:
        return ask().channel(id)

    @router.get("/storage-deals")
    def storage_deals(
        requester: Address | None = None,
        miner_id: Number | None = None,
        open: bool | None = None,
        limit: Limit = USUALLY_LISTED,
        after: After | None = None,
    ) -> PageShape[shapes.StorageDealShape]:
        """Storage deals, those opened last first."""
        asked = {"requester": requester, "miner_id": miner_id, "open": open}
        return ask().storage_deals(asked, limit, after)

    @router.get("/storage-deals/{id}")
    def storage_deal(id: Id) -> shapes.StorageStoryShape:
        return ask().storage_deal(id)


def _add_people(router: APIRouter, ask: Ask) -> None:
    @router.get("/miners")
    def miners(
        limit: Limit = USUALLY_LISTED, after: After | None = None
    ) -> PageShape[shapes.MinerShape]:
        """Miners by their numbers."""
        return ask().miners(limit, after)

    @router.get("/miners/{miner_id}")
    def miner(miner_id: Annotated[int, InPath(ge=1, lt=1 << 32)]) -> shapes.MinerStoryShape:
        return ask().miner(miner_id)

    @router.get("/proposals")
    def proposals(
        limit: Limit = USUALLY_LISTED, after: After | None = None
    ) -> PageShape[shapes.ProposalShape]:
        """What was put to a vote, the newest first."""
        return ask().proposals(limit, after)

    @router.get("/proposals/{id}")
    def proposal(id: Id) -> shapes.ProposalStoryShape:
        return ask().proposal(id)

    @router.get("/accounts/{address}")
    def account(
        address: Annotated[str, InPath(pattern="^0x[0-9a-fA-F]{40}$")],
    ) -> shapes.AccountStoryShape:
        return ask().account(address.lower())

    @router.get("/history")
    def history(
        about: shapes.Subject | None = None,
        id: Annotated[str | None, Query(max_length=66)] = None,
        name: Annotated[str | None, Query(pattern="^[A-Za-z]{1,60}$")] = None,
        limit: Limit = USUALLY_LISTED,
        after: After | None = None,
    ) -> PageShape[shapes.HistoryEntryShape]:
        """Events, the newest first; `about` with `id`: what concerns one deal, miner, account …"""
        return ask().history({"about": about, "id": id, "name": name}, limit, after)


def _add_events(router: APIRouter, feed: Feed) -> None:
    @router.get(
        "/events",
        response_class=EventSourceResponse,
        description=STREAM,
        dependencies=[Depends(feed.room)],
    )
    async def events(
        one: Annotated[tuple[str, str] | None, Depends(_subject)],
        last_event_id: Annotated[str | None, Header(max_length=64)] = None,
    ) -> AsyncIterator[ServerSentEvent]:
        async for event in feed.follow(last_event_id, one):
            yield event


def _subject(
    about: shapes.Subject | None = None, id: Annotated[str | None, Query(max_length=66)] = None
) -> tuple[str, str] | None:
    """What alone is told of."""
    if about is None or id is None:
        return None
    about_id(about, id)
    return about, id
