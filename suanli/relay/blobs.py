"""The relay's blobs over HTTP."""

from __future__ import annotations

import itertools
from typing import Annotated

from anyio import CancelScope
from fastapi import FastAPI, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from suanli.relay.limits import Places, caller_of
from suanli.store import BlobMissing, DirectoryStore, digest_of

UPLOADS, UPLOADS_OF_ONE = 32, 4
"""Unfinished at a time."""

Cid = Annotated[str, Path(description="CIDv1, raw, sha2-256")]


def add_blobs(app: FastAPI, store: DirectoryStore) -> None:
    places = Places("uploads", of_all=UPLOADS, of_one=UPLOADS_OF_ONE)

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
    def get(cid: Cid) -> StreamingResponse:
        """The bytes of a blob. A damaged one breaks off before its end."""
        digest = digest_of(cid)
        headers = {"Content-Length": str(store.size(digest))}
        pieces = store.stream(digest)
        # The first piece comes before the answer begins, so that most errors have their status.
        first = next(pieces, b"")
        return StreamingResponse(
            itertools.chain([first], pieces),
            media_type="application/octet-stream",
            headers=headers,
        )

    @app.head("/v1/blobs/{cid}")
    def head(cid: Cid) -> Response:
        """Whether it is here. Who asks wants it: it is kept as if it were put again."""
        digest = digest_of(cid)
        if not store.touch(digest):
            raise BlobMissing(digest, "it is not in the store")
        return Response()
