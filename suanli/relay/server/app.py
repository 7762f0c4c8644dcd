"""The relay over HTTP: a desk for signed messages and a blob server, in one process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from suanli.base.errors import SuanliError
from suanli.base.version import VERSION
from suanli.protocol.messages_relay import (
    PROTOCOL,
    Address,
    Count,
    Digest,
    Notice,
    Progress,
    Refusal,
    Result,
    SignedMessage,
)
from suanli.relay.errors import RelayBusy, RelayRefusal
from suanli.relay.server.blobs import add_blobs
from suanli.relay.server.desk import Desk, Json
from suanli.relay.server.limits import RateLimiter, caller_of
from suanli.relay.server.problems import handle_errors, problem
from suanli.store import DirectoryStore

log = logging.getLogger("suanli.relay")
MAX_BODY = 64 << 10
"""Bytes of a JSON body."""
SWEEP = 600.0
"""Seconds between looks for what has expired."""


def create_app(
    desk: Desk,
    store: DirectoryStore,
    *,
    limiter: RateLimiter | None = None,
    keep_blobs: float = 7 * 86_400,
) -> FastAPI:
    """`keep_blobs`: seconds after which a blob is deleted unless it was put again."""
    limiter = limiter or RateLimiter(rate=200, burst=2_000)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        sweeper = asyncio.create_task(_sweep(desk, store, keep_blobs))
        yield
        sweeper.cancel()

    app = FastAPI(title="Suanli relay", version=VERSION, lifespan=lifespan)
    handle_errors(app)

    @app.middleware("http")
    async def bound(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        if wait := limiter.wait(caller_of(request)):
            return problem(RelayBusy(wait))
        if request.method == "POST" and _length(request) > MAX_BODY:
            return problem(RelayRefusal(413, f"a body has its length, of {MAX_BODY} at most"))
        return await call_next(request)

    _add_desk(app, desk, store)
    add_blobs(app, store, limiter)
    return app


def _add_desk(app: FastAPI, desk: Desk, store: DirectoryStore) -> None:
    @app.get("/v1/info")
    def info() -> Json:
        """Which market this relay serves, and what it takes."""
        return {
            "protocol": PROTOCOL,
            "chain_id": desk.domain.chain_id,
            "market": desk.domain.market,
            "version": VERSION,
            "max_blob": store.max_blob,
        }

    @app.post("/v1/notices", status_code=204)
    def add_notice(signed: SignedMessage[Notice]) -> None:
        """A miner tells what its offer on chain does not say."""
        desk.add_notice(signed)

    @app.get("/v1/notices")
    def notices(resource: Count, runtime: Digest | None = None) -> list[Json]:
        """Notices that have not expired."""
        return desk.notices(resource, runtime)

    @app.post("/v1/requests")
    def add_request(signed: dict[str, Any]) -> Json:
        """A signed request: {"message": the request, "signature"}. Answers its id and sequence."""
        return desk.add_request(signed)

    @app.get("/v1/requests")
    def requests(
        after: Annotated[int, Query(ge=0, lt=1 << 63)] = 0,
        resource: Count | None = None,
        miner: Address | None = None,
    ) -> list[Json]:
        """Open requests above a sequence; `miner`: those that it may take."""
        return desk.requests(after, resource, miner)

    @app.post("/v1/results", status_code=204)
    def add_result(signed: SignedMessage[Result]) -> None:
        """A miner offers the result of a request for acceptance."""
        desk.add_result(signed)

    @app.get("/v1/requests/{request_id}/results")
    def results(request_id: Digest) -> list[Json]:
        return desk.results(request_id)

    @app.post("/v1/refusals", status_code=204)
    def add_refusal(signed: SignedMessage[Refusal]) -> None:
        """A miner says why it does not take a request."""
        desk.add_refusal(signed)

    @app.get("/v1/requests/{request_id}/refusals")
    def refusals(request_id: Digest) -> list[Json]:
        return desk.refusals(request_id)

    @app.post("/v1/progress", status_code=204)
    def add_progress(signed: SignedMessage[Progress]) -> None:
        """A miner says how far a deal is."""
        desk.add_progress(signed)

    @app.get("/v1/requests/{request_id}/progress")
    def progress(request_id: Digest) -> list[Json]:
        return desk.progress(request_id)

    @app.post("/v1/acceptances", status_code=204)
    def add_acceptance(signed: dict[str, Any]) -> None:
        """A requester's signed acceptance of a result: {"message", "signature"}."""
        desk.add_acceptance(signed)

    @app.get("/v1/requests/{request_id}/acceptance")
    def acceptance(request_id: Digest) -> Json | None:
        """The requester's acceptance, or null."""
        return desk.acceptance(request_id)


def _length(request: Request) -> int:
    """As declared; more than any limit where it is not."""
    if "transfer-encoding" in request.headers:  # chunks come whatever length stands beside them
        return MAX_BODY + 1
    text = request.headers.get("content-length", "")
    return int(text) if text.isdecimal() else MAX_BODY + 1


async def _sweep(desk: Desk, store: DirectoryStore, keep_blobs: float) -> None:
    while True:
        for sweep in (desk.drop_expired, lambda: store.collect((), time.time() - keep_blobs)):
            try:
                await run_in_threadpool(sweep)
            except SuanliError as error:  # a full disk, say: perhaps there is room next time
                log.warning("what has expired is still kept: %s", error)
        await asyncio.sleep(SWEEP)
