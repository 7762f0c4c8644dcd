"""The relay over HTTP: a board of signed messages and a blob server, in one process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

from fastapi import FastAPI, Query, Response
from fastapi import Path as InPath
from fastapi import Request as HttpRequest
from fastapi.concurrency import run_in_threadpool

from suanli.base import strict_json
from suanli.base.errors import SuanliError
from suanli.base.version import VERSION
from suanli.protocol import (
    Acceptance,
    Announcement,
    Hosting,
    InvalidMessage,
    M,
    Request,
    Signed,
    signed_from_json,
    signed_json_schema,
)
from suanli.relay.errors import RelayBusy, RelayRefusal
from suanli.relay.paths import ON_REQUEST, PATHS, PROTOCOL
from suanli.relay.server.admission import Admission
from suanli.relay.server.blobs import add_blobs
from suanli.relay.server.board import Board, Json
from suanli.relay.server.index import MarketIndex
from suanli.relay.server.keeping import KEEP_BLOBS, keeps
from suanli.relay.server.limits import RateLimiter, caller_of
from suanli.relay.server.page import add_page
from suanli.relay.server.problems import handle_errors, problem
from suanli.relay.server.roots import add_roots
from suanli.relay.server.sessions import SessionBroker
from suanli.relay.server.watch import Counting, RelayTally, RelayWatch, add_health
from suanli.store import DirectoryStore

log = logging.getLogger("suanli.relay")
_DIGEST = "^0x[0-9a-f]{64}$"
MAX_BODY = 64 << 10
"""Bytes of a JSON body."""
SWEEP = 600.0
"""Seconds between looks for what has expired."""
Count = Annotated[int, Query(ge=0, lt=1 << 32)]
Digest = Annotated[str, Query(pattern=_DIGEST)]
RequestId = Annotated[str, InPath(pattern=_DIGEST)]


def create_app(
    board: Board,
    store: DirectoryStore,
    *,
    limiter: RateLimiter | None = None,
    admission: Admission | None = None,
    keep_blobs: float = KEEP_BLOBS,
    index: MarketIndex | None = None,
    tally: RelayTally | None = None,
    watch: RelayWatch | None = None,
) -> FastAPI:
    """`admission` says who may have sessions forwarded. `keep_blobs`: see KEEP_BLOBS. `index` is
    served, not started. `tally` counts what is answered; `watch` says how the relay fares."""
    limiter = limiter or RateLimiter(rate=200, burst=2_000)
    tally = tally or RelayTally()

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        sweeper = asyncio.create_task(_sweep(board, store, keep_blobs))
        yield
        sweeper.cancel()

    # FastAPI's own pages run scripts of others, here on the origin of a page with a wallet.
    app = FastAPI(
        title="Suanli relay", version=VERSION, lifespan=lifespan, docs_url=None, redoc_url=None
    )
    handle_errors(app)

    @app.middleware("http")
    async def bound(
        request: HttpRequest, call_next: Callable[[HttpRequest], Awaitable[Response]]
    ) -> Response:
        if wait := limiter.wait(caller_of(request)):
            answer = problem(RelayBusy(wait))
        elif request.method == "POST" and _length(request) > MAX_BODY:
            answer = problem(RelayRefusal(413, f"a body has its length, of {MAX_BODY} at most"))
        else:
            answer = await call_next(request)
        answer.headers["X-Content-Type-Options"] = "nosniff"  # blobs are strangers'
        return answer

    app.add_middleware(Counting, tally=tally)
    _add_info(app, board, store, keep_blobs)
    _add_board(app, board)
    uploads = add_blobs(app, store, limiter)
    add_roots(app, board.roots)
    broker = SessionBroker(board.domain, admission, limiter)
    broker.add_to(app)
    tally.limiter, tally.broker = limiter, broker
    tally.rooms += [uploads, *broker.rooms]
    if index is not None:
        index.add_to(app)
        tally.rooms.append(index.feed.places)
    if watch is not None:
        add_health(app, watch)
    add_page(app)
    return app


def _add_info(app: FastAPI, board: Board, store: DirectoryStore, keep_blobs: float) -> None:
    @app.get("/v1/info")
    def info() -> Json:
        """Which market this relay serves, and what it takes."""
        return {
            "protocol": PROTOCOL,
            "chain_id": board.domain.chain_id,
            "market": board.domain.market,
            "version": VERSION,
            "max_blob": store.max_blob,
            "keeps": keeps(board.bounds, store, keep_blobs),
        }


def _add_board(app: FastAPI, board: Board) -> None:
    _take(app, Announcement, board.add_announcement)
    _take(app, Request, board.add_request)
    _take(app, Acceptance, board.add_acceptance)
    _take(app, Hosting, board.add_hosting)
    for kind, name in ON_REQUEST.items():
        _take(app, kind, board.add_on_request)
        _list_on_request(app, board, kind, name)

    @app.get(PATHS[Announcement])
    def announcements(resource: Count, runtime: Digest | None = None) -> list[Json]:
        """Announcements that have not expired; `runtime`: of miners that serve it."""
        return board.announcements(resource, runtime)

    @app.get(PATHS[Hosting])
    def hostings(resource: Count) -> list[Json]:
        """What miners say of sessions in a leased class, as far as it has not expired."""
        return board.hostings(resource)

    @app.get(PATHS[Request])
    def requests(
        after: Annotated[int, Query(ge=0, lt=1 << 63)] = 0,
        resource: Count | None = None,
        miner: Count | None = None,
    ) -> list[Json]:
        """Open requests above a sequence; `miner`: by its number, those that it may take."""
        return board.requests(after, resource, miner)

    @app.get(PATHS[Request] + "/{request_id}/acceptance")
    def acceptance(request_id: RequestId) -> Json | None:
        """The requester's acceptance, or null."""
        return board.acceptance(request_id)


def _take(app: FastAPI, kind: type[M], add: Callable[[Signed[M]], None]) -> None:
    """Posts of one kind of message, signed."""

    async def take(request: HttpRequest) -> None:
        try:
            signed = signed_from_json(kind, strict_json.loads(await request.body()))
        except (ValueError, InvalidMessage) as error:
            raise RelayRefusal(422, str(error)) from error
        await run_in_threadpool(add, signed)

    content = {"application/json": {"schema": signed_json_schema(kind)}}
    app.post(
        PATHS[kind],
        status_code=204,
        summary=f"Put up: {kind.__name__}",
        description=kind.__doc__,
        openapi_extra={"requestBody": {"required": True, "content": content}},
    )(take)


def _list_on_request(app: FastAPI, board: Board, kind: type, name: str) -> None:
    def listed(request_id: RequestId) -> list[Json]:
        return board.on_request(kind, request_id)

    path = f"{PATHS[Request]}/{{request_id}}/{name}"
    app.get(path, summary=kind.__name__, description=f"{kind.__doc__} One of each sender.")(listed)


def _length(request: HttpRequest) -> int:
    """As declared; more than any limit where it is not."""
    if "transfer-encoding" in request.headers:  # chunks come whatever length stands beside them
        return MAX_BODY + 1
    text = request.headers.get("content-length", "")
    return int(text) if text.isdecimal() else MAX_BODY + 1


async def _sweep(board: Board, store: DirectoryStore, keep_blobs: float) -> None:
    while True:
        for sweep in (board.drop_expired, lambda: store.collect((), time.time() - keep_blobs)):
            try:
                await run_in_threadpool(sweep)
            except SuanliError as error:  # a full disk, say: perhaps there is room next time
                log.warning("what has expired is still kept: %s", error)
        await asyncio.sleep(SWEEP)
