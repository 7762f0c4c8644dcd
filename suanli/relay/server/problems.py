"""What went wrong, as HTTP tells it: a status, and `detail` for people."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from suanli.base.database import DatabaseFailed
from suanli.base.validation import listed
from suanli.chain import ChainError
from suanli.relay.errors import RelayBusy, RelayRefusal
from suanli.store import BlobCorrupt, BlobMissing, BlobTooLarge, InvalidCid, StoreError, StoreFull

_STATUS: tuple[tuple[type[StoreError], int], ...] = (
    (InvalidCid, 400),
    (BlobMissing, 404),
    (BlobTooLarge, 413),
    (BlobCorrupt, 422),
    (StoreFull, 507),
)


def handle_errors(app: FastAPI) -> None:
    @app.exception_handler(RelayRefusal)
    async def refused(_: Request, error: RelayRefusal) -> Response:
        return problem(error)

    @app.exception_handler(StoreError)
    async def store_failed(_: Request, error: StoreError) -> Response:
        status = next((status for kind, status in _STATUS if isinstance(error, kind)), 503)
        return problem(RelayRefusal(status, str(error)))

    @app.exception_handler(DatabaseFailed)
    async def database_failed(_: Request, error: DatabaseFailed) -> Response:
        return problem(RelayRefusal(507, str(error)))

    @app.exception_handler(ChainError)
    async def chain_failed(_: Request, error: ChainError) -> Response:
        text = f"the chain, which must judge this, can't be asked: {error}"
        return problem(RelayRefusal(503, text))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        found = map(str, listed(error.errors())[:10])
        return problem(RelayRefusal(422, "; ".join(found)))

    @app.exception_handler(OverflowError)
    @app.exception_handler(UnicodeError)
    async def out_of_range(_: Request, error: Exception) -> Response:
        return problem(RelayRefusal(422, f"a value can't be kept: {error}"))

    @app.exception_handler(ClientDisconnect)
    async def gone(_: Request, __: ClientDisconnect) -> Response:
        return Response(status_code=400)  # nobody reads it


def problem(error: RelayRefusal) -> Response:
    headers = {"Retry-After": str(int(error.wait) + 1)} if isinstance(error, RelayBusy) else None
    detail = str(error).encode("utf-8", "backslashreplace").decode()
    return JSONResponse({"detail": detail}, error.status, headers)
