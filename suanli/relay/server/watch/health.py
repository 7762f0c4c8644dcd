"""`/health` of a relay, for everybody."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse

from suanli.base.version import VERSION
from suanli.relay.server.watch.looking import RelayWatch
from suanli.relay.server.watch.seen import RelaySeen


def add_health(app: FastAPI, watch: RelayWatch) -> None:
    # They take none of the threads that a database or a disk may keep.
    @app.get("/health", responses={503: {"description": "Something is wrong that callers meet"}})
    async def health() -> JSONResponse:
        """What is wrong, by what it is about, and how far chain and index are; `warnings`: what
        callers do not meet yet. It was seen at most about ten seconds ago."""
        return _answer(watch.seen())

    @app.head("/health", include_in_schema=False)
    async def health_head() -> JSONResponse:
        return _answer(watch.seen())


def _answer(seen: RelaySeen) -> JSONResponse:
    status = 503 if seen.wrong else 200
    return JSONResponse(told(seen), status, {"Cache-Control": "no-store"})


def told(seen: RelaySeen) -> dict[str, Any]:
    head, index = seen.head, seen.index
    return {
        "well": not seen.wrong,
        "wrong": seen.wrong,
        "warnings": seen.warnings,
        "seen": int(seen.at),
        "version": VERSION,
        "chain": head and {"block": head.number, "time": head.time},
        "index": index and {"block": index.block, "behind": seen.behind},
        "blobs": {"bytes": seen.blob_size, "limit": seen.blob_limit},
    }
