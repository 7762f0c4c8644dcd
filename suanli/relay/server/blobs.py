"""The relay's blobs over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from anyio import CancelScope
from fastapi import FastAPI, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, StreamingResponse

from suanli.relay import batches
from suanli.relay.errors import RelayBusy, RelayRefusal
from suanli.relay.server.limits import Places, RateLimiter, caller_of
from suanli.store import SMALL, BlobMissing, DirectoryStore, digest_of

UPLOADS, UPLOADS_OF_ONE = 64, 16
"""Unfinished at a time."""
BLOBS_OF_A_CALL = 16
"""So many in a batch count as one call."""
_PIECE = 64 << 10
"""Bytes of an answer that are sent together."""

Cid = Annotated[str, Path(description="CIDv1, raw, sha2-256")]


def add_blobs(app: FastAPI, store: DirectoryStore, limiter: RateLimiter) -> Places:
    """Returns those of uploads."""
    places = Places("uploads", of_all=UPLOADS, of_one=UPLOADS_OF_ONE)
    _add_single(app, store, places)
    _add_batches(app, store, limiter, places)
    return places


def _add_single(app: FastAPI, store: DirectoryStore, places: Places) -> None:
    @app.put("/v1/blobs/{cid}", status_code=204)
    async def put(cid: Cid, request: Request) -> None:
        """Keep a blob; its bytes must have the digest that the CID names."""
        digest = digest_of(cid)
        with places.taken(caller_of(request)):
            arrival = await run_in_threadpool(store.receive)
            try:
                async for chunk in request.stream():
                    await run_in_threadpool(arrival.write, chunk)
                await run_in_threadpool(arrival.keep, digest)
            finally:
                with CancelScope(shield=True):  # or its bytes would count for ever
                    await run_in_threadpool(arrival.close)

    @app.get("/v1/blobs/{cid}")
    def get(cid: Cid) -> FileResponse:
        """The bytes of a blob, or a range of them. Who gets them compares the digest."""
        path, found = store.file(digest_of(cid))
        return FileResponse(path, media_type="application/octet-stream", stat_result=found)

    @app.head("/v1/blobs/{cid}")
    def head(cid: Cid) -> Response:
        """Whether it is here. Who asks wants it: it is kept as if it were put again."""
        digest = digest_of(cid)
        if not store.touch(digest):
            raise BlobMissing(digest, "it is not in the store")
        return Response()


def _add_batches(app: FastAPI, store: DirectoryStore, limiter: RateLimiter, places: Places) -> None:
    def charge(request: Request, blobs: int) -> None:
        """Work is counted by blobs, whether they come one by one or together."""
        if wait := limiter.wait(caller_of(request), blobs // BLOBS_OF_A_CALL):
            raise RelayBusy(wait)

    async def asked(request: Request) -> list[bytes]:
        try:
            digests = batches.asked(await request.body())
        except batches.BadBatch as error:
            raise RelayRefusal(422, str(error)) from error
        charge(request, len(digests))
        return digests

    @app.put("/v1/blobs", status_code=204)
    async def put_many(request: Request) -> None:
        """Keep many small blobs: for each its digest, its length in four bytes, and its bytes."""
        with places.taken(caller_of(request)):
            body = bytearray()
            async for chunk in request.stream():
                body += chunk
                if len(body) > batches.MOST_BYTES:
                    raise RelayRefusal(413, f"a batch has {batches.MOST_BYTES} bytes at most")
            try:
                blobs = batches.unpacked(bytes(body))
            except batches.BadBatch as error:
                raise RelayRefusal(422, str(error)) from error
            charge(request, len(blobs))
            await run_in_threadpool(store.put_many, blobs)

    @app.post("/v1/blobs/fetch")
    async def get_many(request: Request) -> StreamingResponse:
        """Many small blobs; the body: their digests. For each its length in four bytes and its
        bytes, or 0xffffffff; the answer may end early, then the rest is asked for again."""
        digests = await asked(request)
        return StreamingResponse(_pieces(store, digests), media_type="application/octet-stream")

    @app.post("/v1/blobs/missing")
    async def missing(request: Request) -> Response:
        """Which of the digests in the body are not here. The others are kept as if put again."""
        digests = await asked(request)

        def look() -> bytes:
            return batches.question([digest for digest in digests if not store.touch(digest)])

        body = await run_in_threadpool(look)
        return Response(body, media_type="application/octet-stream")


def _pieces(store: DirectoryStore, digests: list[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for piece in batches.answer(store.get_many([digest], SMALL).get(digest) for digest in digests):
        held += piece
        if len(held) >= _PIECE:
            yield bytes(held)
            held.clear()
    yield bytes(held)
