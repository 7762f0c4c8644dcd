"""Under which roots large blobs are on IPFS, as callers say. The relay can't tell whether it is so:
who follows a root compares the blob's digest."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated

from fastapi import FastAPI, Path, Request

from suanli.base.database import Database
from suanli.relay.errors import RelayRefusal
from suanli.relay.server.limits import caller_of, network_of
from suanli.store import digest_of
from suanli.store.ipfs import BadBlock, read_cid

OF_ONE, OF_ALL = 64, 100_000
"""Told of one blob, each by another network, and of all together: the oldest makes room."""
KEPT = 7 * 86_400
"""Seconds after which one that was not told again is forgotten."""
LISTED = 16

Cid = Annotated[str, Path(description="CIDv1, raw, sha2-256: the blob's digest")]
Root = Annotated[str, Path(description="CIDv1, dag-pb, sha2-256: of a UnixFS file")]


class RootsTold:
    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock

    def tell(self, blob: str, root: str, caller: str) -> None:
        """One network says one root of a blob."""
        now = self._clock()
        with self._database.transaction() as inside:
            inside.execute(
                "INSERT INTO roots (blob, caller, root, told, first) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (blob, caller) DO UPDATE SET root = excluded.root,"
                " told = excluded.told,"
                " first = CASE WHEN root = excluded.root THEN first ELSE excluded.first END",
                (blob, caller, root, now, now),
            )
            inside.execute("DELETE FROM roots WHERE told < ?", (now - KEPT,))
            inside.execute(
                "DELETE FROM roots WHERE blob = ? AND caller NOT IN"
                " (SELECT caller FROM roots WHERE blob = ? ORDER BY told DESC LIMIT ?)",
                (blob, blob, OF_ONE),
            )
            inside.execute(
                "DELETE FROM roots WHERE rowid IN"
                " (SELECT rowid FROM roots ORDER BY told DESC LIMIT -1 OFFSET ?)",
                (OF_ALL,),
            )

    def find(self, blob: str) -> list[str]:
        """Those that most networks say come first, then those that were told first."""
        rows = self._database.rows(
            "SELECT root FROM roots WHERE blob = ? AND told >= ? GROUP BY root"
            " ORDER BY count(*) DESC, min(first), root LIMIT ?",
            (blob, self._clock() - KEPT, LISTED),
        )
        return [root for (root,) in rows]


def add_roots(app: FastAPI, roots: RootsTold) -> None:
    @app.put("/v1/roots/{cid}/{root}", status_code=204)
    def tell(cid: Cid, root: Root, request: Request) -> None:
        """A large blob is on IPFS, as the UnixFS file under this root."""
        digest_of(cid)
        try:
            is_file = read_cid(root).is_node
        except BadBlock:
            is_file = False
        if not is_file:
            raise RelayRefusal(422, f"not the CIDv1 of a UnixFS file: {root[:80]!r}")
        roots.tell(cid, root, str(network_of(caller_of(request))))

    @app.get("/v1/roots/{cid}")
    def find(cid: Cid) -> list[str]:
        """The roots that were told of a blob; whoever follows one compares the digest."""
        digest_of(cid)
        return roots.find(cid)
