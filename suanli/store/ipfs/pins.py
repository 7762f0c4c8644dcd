"""What was pinned on a node, so that it can be let go, and whom it knows: in SQLite, for all
processes of a user."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection

from suanli.base.database import Database, DatabaseFailed, FileForm
from suanli.store.base import StoreUnavailable
from suanli.store.ipfs.dag import RAW, Cid, read_cid

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pins (node TEXT, digest BLOB, root TEXT, put INTEGER,
    PRIMARY KEY (node, digest));
CREATE INDEX IF NOT EXISTS pins_by_age ON pins (node, put);
CREATE TABLE IF NOT EXISTS peers (address TEXT PRIMARY KEY);
"""
FORM = FileForm(1, "pins", "data")
KEPT = 35 * 86_400
"""Seconds after which what was not put again is let go: longer than a relay keeps any request."""
_TOGETHER = 500


class Pins:
    """Of one node, by its URL: a blob's digest and the root it has there."""

    def __init__(self, path: Path | str, node: str, clock: Callable[[], float] = time.time) -> None:
        self._node, self._clock = node, clock
        with _translated():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._database = Database(path, _SCHEMA, form=FORM)

    def note(self, roots: dict[bytes, Cid]) -> None:
        """They are pinned, or were found to be wanted again."""
        now = int(self._clock())
        rows = [(self._node, digest, str(root), now) for digest, root in roots.items()]
        with self._writing() as inside:
            inside.executemany("INSERT OR REPLACE INTO pins VALUES (?, ?, ?, ?)", rows)

    def root(self, digest: bytes) -> Cid | None:
        return self._read(
            "SELECT digest, root FROM pins WHERE node = ? AND digest = ?", (self._node, digest)
        ).get(digest)

    def known(self, digests: list[bytes]) -> dict[bytes, Cid]:
        found: dict[bytes, Cid] = {}
        for begin in range(0, len(digests), _TOGETHER):
            some = digests[begin : begin + _TOGETHER]
            marks = ",".join("?" * len(some))
            query = f"SELECT digest, root FROM pins WHERE node = ? AND digest IN ({marks})"
            found |= self._read(query, (self._node, *some))
        return found

    def old(self) -> dict[bytes, Cid]:
        """Some that are to be let go."""
        before = int(self._clock()) - KEPT
        return self._read(
            "SELECT digest, root FROM pins WHERE node = ? AND put < ? ORDER BY put LIMIT ?",
            (self._node, before, _TOGETHER),
        )

    def forget(self, digest: bytes) -> None:
        with self._writing() as inside:
            inside.execute("DELETE FROM pins WHERE node = ? AND digest = ?", (self._node, digest))

    def note_peers(self, addresses: list[str]) -> None:
        """In place of those that were noted before."""
        with self._writing() as inside:
            inside.execute("DELETE FROM peers")
            inside.executemany("INSERT INTO peers VALUES (?)", [(text,) for text in addresses])

    def peers(self) -> list[str]:
        with _translated():
            rows = self._database.rows("SELECT address FROM peers ORDER BY rowid")
        return [address for (address,) in rows]

    def close(self) -> None:
        self._database.close()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with _translated(), self._database.transaction() as inside:
            yield inside

    def _read(self, query: str, values: tuple[object, ...]) -> dict[bytes, Cid]:
        with _translated():
            return {digest: read_cid(root) for digest, root in self._database.rows(query, values)}


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (DatabaseFailed, OSError) as error:
        raise StoreUnavailable(f"what was pinned can't be kept in mind: {error}") from error


def is_whole(digest: bytes, root: Cid) -> bool:
    """Whether a blob is one block, which has its digest."""
    return root == Cid(RAW, digest)
