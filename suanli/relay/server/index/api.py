"""The index over HTTP: what `shapes` describes, below `/api/v1`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, FastAPI, Header, Query
from fastapi import Path as InPath
from fastapi.openapi.utils import get_openapi
from fastapi.sse import EventSourceResponse, ServerSentEvent

from suanli.base.version import VERSION
from suanli.relay.server.index import shapes
from suanli.relay.server.index.shapes import Page

PREFIX = "/api/v1"
DOCUMENT = "/api/openapi.json"
REFUSALS = (404, 422, 429, 503)
MOST_LISTED, USUALLY_LISTED = 200, 50
MOST_POINTS = 1_500
MOST_UNITS = (1 << 64) - 1

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


class Queries(Protocol):
    """What the routes ask. Lists come newest first but for offers and miners. All raise
    RelayRefusal: 404 for what there is not, 422 for an `after` that is none."""

    def config(self) -> shapes.Config: ...
    def status(self) -> shapes.Status: ...
    def classes(self) -> list[shapes.ResourceClass]: ...
    def resource_class(self, resource: int) -> shapes.ResourceClass: ...
    def prices(self, resource: int, step: shapes.Step, begin: int, end: int) -> shapes.Prices: ...
    def estimate(
        self,
        resource: int,
        units: int,
        tasks: int,
        bid: int | None,
        runtime: str | None,
        requester: str | None,
    ) -> shapes.Estimate: ...
    def offers(
        self,
        resource: int | None,
        state: str | None,
        least: int,
        order: Order,
        limit: int,
        after: str | None,
    ) -> Page[shapes.Offer]: ...
    def requests(
        self, filters: dict[str, Any], limit: int, after: str | None
    ) -> Page[shapes.Request]: ...
    def deals(
        self, filters: dict[str, Any], limit: int, after: str | None
    ) -> Page[shapes.Deal]: ...
    def deal(self, id_: str) -> shapes.DealStory: ...
    def miners(self, limit: int, after: str | None) -> Page[shapes.Miner]: ...
    def miner(self, number: int) -> shapes.MinerStory: ...
    def cases(
        self, filters: dict[str, Any], limit: int, after: str | None
    ) -> Page[shapes.Case]: ...
    def case(self, id_: str) -> shapes.CaseStory: ...
    def channels(
        self, filters: dict[str, Any], limit: int, after: str | None
    ) -> Page[shapes.Channel]: ...
    def channel(self, id_: str) -> shapes.ChannelStory: ...
    def storage_deals(
        self, filters: dict[str, Any], limit: int, after: str | None
    ) -> Page[shapes.StorageDeal]: ...
    def storage_deal(self, id_: str) -> shapes.StorageStory: ...
    def proposals(self, limit: int, after: str | None) -> Page[shapes.Proposal]: ...
    def proposal(self, id_: str) -> shapes.ProposalStory: ...
    def account(self, address: str) -> shapes.AccountStory: ...
    def history(
        self, filters: dict[str, Any], limit: int, after: str | None
    ) -> Page[shapes.HistoryEntry]: ...


class Feed(Protocol):
    """What is new, as it comes."""

    def follow(
        self, last: str | None, about: tuple[shapes.Subject, str] | None
    ) -> AsyncIterator[ServerSentEvent]: ...


def add_index(app: FastAPI, queries: Queries, feed: Feed) -> None:
    app.include_router(_router(queries, feed))
    described = document()

    @app.get(DOCUMENT, include_in_schema=False)
    def openapi() -> dict[str, Any]:
        return described


def _router(queries: Queries, feed: Feed) -> APIRouter:
    refused: dict[int | str, dict[str, Any]] = {s: {"model": shapes.Problem} for s in REFUSALS}
    router = APIRouter(prefix=PREFIX, responses=refused)
    _add_market(router, queries)
    _add_offers(router, queries)
    _add_deals(router, queries)
    _add_leases(router, queries)
    _add_people(router, queries)
    _add_events(router, feed)
    return router


def document() -> dict[str, Any]:
    """The OpenAPI document of these routes alone, whole in itself."""
    nobody: Any = None  # what describes them asks nothing
    router = _router(nobody, nobody)
    return get_openapi(
        title="Suanli index",
        version=VERSION,
        description=f"{shapes.__doc__}\nWhat is refused answers with a status and `detail`.",
        routes=router.routes,
    )


def _add_market(router: APIRouter, queries: Queries) -> None:
    @router.get("/config")
    def config() -> shapes.Config:
        """Which market this is: what a page needs to read and to sign."""
        return queries.config()

    @router.get("/status")
    def status() -> shapes.Status:
        """How far the index has read the chain."""
        return queries.status()

    @router.get("/classes")
    def classes() -> list[shapes.ResourceClass]:
        """All resource classes, the first 200."""
        return queries.classes()

    @router.get("/classes/{resource}")
    def resource_class(resource: Resource) -> shapes.ResourceClass:
        return queries.resource_class(resource)

    @router.get("/classes/{resource}/prices")
    def prices(
        resource: Resource,
        step: shapes.Step = "hour",
        begin: Annotated[Second, Query(alias="from")] = 0,
        end: Annotated[Second, Query(alias="to")] = (1 << 40) - 1,
    ) -> shapes.Prices:
        """Price, supply and demand over time, oldest first: 1,500 points at most, the newest of
        those asked for."""
        return queries.prices(resource, step, begin, end)

    @router.get("/classes/{resource}/estimate")
    def estimate(
        resource: Resource,
        units: Units,
        tasks: Annotated[int, Query(ge=1, lt=1 << 32)] = 1,
        max_price: Price | None = None,
        runtime: Digest | None = None,
        requester: Address | None = None,
    ) -> shapes.Estimate:
        """What a job of so many units would cost now, and why each offer would take it or not;
        `max_price`: the bid, `runtime`: id that it needs, `requester`: who asks."""
        return queries.estimate(resource, units, tasks, max_price, runtime, requester)


def _add_offers(router: APIRouter, queries: Queries) -> None:
    @router.get("/offers")
    def offers(
        resource: Number | None = None,
        state: shapes.OfferState | None = None,
        least: Annotated[int, Query(ge=0, le=MOST_UNITS, description="units free")] = 0,
        order: Order = "ask",
        limit: Limit = USUALLY_LISTED,
        after: After | None = None,
    ) -> Page[shapes.Offer]:
        """Offers of all miners; `order`: by what, "-" from the greatest."""
        return queries.offers(resource, state, least, order, limit, after)


def _add_deals(router: APIRouter, queries: Queries) -> None:
    @router.get("/requests")
    def requests(
        resource: Number | None = None,
        requester: Address | None = None,
        state: Literal["posted", "expired", "cancelled"] | None = None,
        limit: Limit = USUALLY_LISTED,
        after: After | None = None,
    ) -> Page[shapes.Request]:
        """Requests that were posted on chain and are no deals."""
        asked = {"resource": resource, "requester": requester, "state": state}
        return queries.requests(asked, limit, after)

    @router.get("/deals")
    def deals(
        resource: Number | None = None,
        requester: Address | None = None,
        miner_id: Number | None = None,
        state: shapes.DealState | None = None,
        limit: Limit = USUALLY_LISTED,
        after: After | None = None,
    ) -> Page[shapes.Deal]:
        """Deals, those confirmed last first."""
        asked = {"resource": resource, "requester": requester, "state": state}
        return queries.deals(asked | {"miner_id": miner_id}, limit, after)

    @router.get("/deals/{id}")
    def deal(id: Id) -> shapes.DealStory:
        """A deal with its request, its cases, and all that happened to it."""
        return queries.deal(id)

    @router.get("/cases")
    def cases(
        deal: Digest | None = None,
        miner_id: Number | None = None,
        filer: Address | None = None,
        open: bool | None = None,
        limit: Limit = USUALLY_LISTED,
        after: After | None = None,
    ) -> Page[shapes.Case]:
        """Challenges before the courts, those filed last first."""
        asked = {"deal": deal, "miner_id": miner_id, "filer": filer, "open": open}
        return queries.cases(asked, limit, after)

    @router.get("/cases/{id}")
    def case(id: Id) -> shapes.CaseStory:
        return queries.case(id)


def _add_leases(router: APIRouter, queries: Queries) -> None:
    @router.get("/channels")
    def channels(
        requester: Address | None = None,
        miner_id: Number | None = None,
        open: bool | None = None,
        limit: Limit = USUALLY_LISTED,
        after: After | None = None,
    ) -> Page[shapes.Channel]:
        """Payment channels, those opened last first."""
        asked = {"requester": requester, "miner_id": miner_id, "open": open}
        return queries.channels(asked, limit, after)

    @router.get("/channels/{id}")
    def channel(id: Id) -> shapes.ChannelStory:
        return queries.channel(id)

    @router.get("/storage-deals")
    def storage_deals(
        requester: Address | None = None,
        miner_id: Number | None = None,
        open: bool | None = None,
        limit: Limit = USUALLY_LISTED,
        after: After | None = None,
    ) -> Page[shapes.StorageDeal]:
        """Storage deals, those opened last first."""
        asked = {"requester": requester, "miner_id": miner_id, "open": open}
        return queries.storage_deals(asked, limit, after)

    @router.get("/storage-deals/{id}")
    def storage_deal(id: Id) -> shapes.StorageStory:
        return queries.storage_deal(id)


def _add_people(router: APIRouter, queries: Queries) -> None:
    @router.get("/miners")
    def miners(limit: Limit = USUALLY_LISTED, after: After | None = None) -> Page[shapes.Miner]:
        """Miners by their numbers."""
        return queries.miners(limit, after)

    @router.get("/miners/{miner_id}")
    def miner(miner_id: Annotated[int, InPath(ge=1, lt=1 << 32)]) -> shapes.MinerStory:
        return queries.miner(miner_id)

    @router.get("/proposals")
    def proposals(
        limit: Limit = USUALLY_LISTED, after: After | None = None
    ) -> Page[shapes.Proposal]:
        """What was put to a vote, the newest first."""
        return queries.proposals(limit, after)

    @router.get("/proposals/{id}")
    def proposal(id: Id) -> shapes.ProposalStory:
        return queries.proposal(id)

    @router.get("/accounts/{address}")
    def account(
        address: Annotated[str, InPath(pattern="^0x[0-9a-fA-F]{40}$")],
    ) -> shapes.AccountStory:
        return queries.account(address.lower())

    @router.get("/history")
    def history(
        about: shapes.Subject | None = None,
        id: Annotated[str | None, Query(max_length=66)] = None,
        name: Annotated[str | None, Query(pattern="^[A-Za-z]{1,60}$")] = None,
        limit: Limit = USUALLY_LISTED,
        after: After | None = None,
    ) -> Page[shapes.HistoryEntry]:
        """Events, the newest first; `about` with `id`: what concerns one deal, miner, account …"""
        return queries.history({"about": about, "id": id, "name": name}, limit, after)


def _add_events(router: APIRouter, feed: Feed) -> None:
    @router.get("/events", response_class=EventSourceResponse, description=STREAM)
    async def events(
        about: shapes.Subject | None = None,
        id: Annotated[str | None, Query(max_length=66)] = None,
        last_event_id: Annotated[str | None, Header(max_length=64)] = None,
    ) -> AsyncIterator[ServerSentEvent]:
        one = (about, id) if about is not None and id is not None else None
        async for event in feed.follow(last_event_id, one):
            yield event
