"""The board: what the relay takes and gives out. Everything is verified on its way in.

The relay holds no funds and no keys: it can withhold, and nothing else. What it gives out carries
its maker's signature, which whoever reads it checks again.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any

from suanli.base.database import Database
from suanli.protocol import (
    Acceptance,
    Announcement,
    Claim,
    Contracts,
    Domain,
    Envelope,
    Hosting,
    Progress,
    Rejection,
    Request,
    Signed,
    signed_to_json,
    verify,
)
from suanli.relay.errors import RelayRefusal
from suanli.relay.server.admission import Admission
from suanli.relay.server.roots import RootsTold

Json = dict[str, Any]
OnRequest = Claim | Rejection | Progress | Envelope
"""What is said on a request: by a miner, an envelope by its requester, too."""
PAGE = 500
"""Most items in an answer."""
PAGE_BYTES = 1 << 20
"""About as many has an answer with requests at most."""
AHEAD = 60
"""Seconds by which clocks may differ."""


@dataclass(frozen=True)
class Bounds:
    """How much the relay takes."""

    requests_per_requester: int = 2_000
    """open at a time"""
    kept_per_requester: int = 10_000
    """open or not"""
    messages_per_request: int = 100
    """claims, rejections, progress and envelopes, on one request: those issued last"""
    announcements: int = 10_000
    """those issued last"""
    longest_wait: int = 7 * 86_400
    """seconds until a request must have been confirmed"""
    longest_deal: int = 30 * 86_400
    """seconds of a deal for which its request is kept"""
    keep: int = 7 * 86_400
    """seconds for which claims are kept after a deal's deadline"""
    longest_announcement: int = 86_400
    """seconds from `issued` to `validUntil`"""
    oldest_announcement: int = 3_600
    """seconds after `issued` in which it must come; once expired it is kept for as long, so that
    none which was replaced comes back"""


class Board:
    """`contracts` lets contract accounts sign (ERC-1271); without it only keys can. `admission`
    keeps out those whom the chain does not know; without it anybody may put up anything."""

    def __init__(
        self,
        database: Database,
        domain: Domain,
        *,
        contracts: Contracts | None = None,
        admission: Admission | None = None,
        bounds: Bounds | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.domain = domain
        self.bounds = bounds or Bounds()
        self._database = database
        self._contracts = contracts
        self._admission = admission
        self._clock = clock
        self.roots = RootsTold(database, clock)

    def add_announcement(self, signed: Signed[Announcement]) -> None:
        self._put_up("announcements", signed, " ".join(map(_hex, signed.message.runtimes)))

    def add_hosting(self, signed: Signed[Hosting]) -> None:
        self._put_up("hostings", signed)

    def _put_up(
        self, table: str, signed: Signed[Announcement] | Signed[Hosting], *more: str
    ) -> None:
        """What a miner says of a class, in the place of what it said before."""
        made = signed.message
        self._require_fresh(made)
        self._require_miner(signed.signer)
        self._require_genuine(signed)
        body = _body(signed)
        with self._database.transaction() as database:
            known = database.execute(
                f"SELECT issued, body FROM {table} WHERE miner = ? AND resource = ?",
                (made.miner, made.resource),
            ).fetchone()
            if not _is_news(known, made.issued, body):
                return
            row = (made.miner, made.resource, *more, made.issued, made.valid_until, body)
            places = ", ".join("?" * len(row))
            database.execute(f"REPLACE INTO {table} VALUES ({places})", row)
            database.execute(
                f"DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table}"
                " ORDER BY issued DESC, rowid DESC LIMIT -1 OFFSET ?)",
                [self.bounds.announcements],
            )

    def hostings(self, resource: int) -> list[Json]:
        """Those that have not expired, issued last first."""
        rows = self._database.rows(
            "SELECT body FROM hostings WHERE resource = ? AND valid_until >= ?"
            " ORDER BY issued DESC LIMIT ?",
            (resource, self._clock(), PAGE),
        )
        return _bodies(rows)

    def announcements(self, resource: int, runtime: str | None = None) -> list[Json]:
        """Those that have not expired, issued last first; of miners that serve the `runtime`."""
        rows = self._database.rows(
            "SELECT body FROM announcements WHERE resource = ? AND valid_until >= ?"
            " AND (? IS NULL OR instr(runtimes, ?)) ORDER BY issued DESC LIMIT ?",
            (resource, self._clock(), runtime, runtime, PAGE),
        )
        return _bodies(rows)

    def add_request(self, signed: Signed[Request]) -> None:
        """Raises RelayRefusal; a request that is known already is no error."""
        request = signed.message
        self._require_confirm_by(request.confirm_by)
        if self._admission is not None:
            self._admission.require_deposit(signed.signer)
        self._require_genuine(signed)
        with self._database.transaction() as database:
            request_id = _hex(self.domain.request_id(request))
            if database.execute("SELECT 1 FROM requests WHERE id = ?", (request_id,)).fetchone():
                return
            self._require_room(database, request.requester)
            duration = min(request.duration, self.bounds.longest_deal)
            keep_until = request.confirm_by + duration + self.bounds.keep
            key = (request_id, request.requester, request.miner, request.resource)
            database.execute(
                "INSERT INTO requests"
                " (id, requester, miner, resource, confirm_by, keep_until, body)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*key, request.confirm_by, keep_until, _body(signed)),
            )

    def requests(self, after: int, resource: int | None, miner: int | None) -> list[Json]:
        """Open ones by sequence; for a miner, by its number: those that name it or nobody."""
        rows = self._database.rows(
            "SELECT sequence, body FROM requests WHERE sequence > ? AND confirm_by >= ?"
            " AND (? IS NULL OR resource = ?) AND (? IS NULL OR miner IN (?, 0))"
            " ORDER BY sequence LIMIT ?",
            (after, self._clock(), resource, resource, miner, miner, PAGE),
        )
        ends = itertools.accumulate(len(body) for _, body in rows)
        return [
            {"sequence": sequence, "signed": json.loads(body)}
            for (sequence, body), end in zip(rows, ends, strict=True)
            if end <= PAGE_BYTES
        ]

    def request(self, request_id: str) -> Json | None:
        """A signed request, open or not."""
        row = self._database.row("SELECT body FROM requests WHERE id = ?", [request_id])
        return json.loads(row[0]) if row else None

    def add_acceptance(self, signed: Signed[Acceptance]) -> None:
        request_id = _hex(signed.message.request)
        requester, _ = self._known(request_id)
        if signed.signer != requester:
            raise RelayRefusal(403, f"the request is of {requester}, not of {signed.signer}")
        self._require_genuine(signed)
        with self._database.transaction() as database:
            row = (request_id, _body(signed))
            database.execute("REPLACE INTO acceptances VALUES (?, ?)", row)

    def acceptance(self, request_id: str) -> Json | None:
        row = self._database.row("SELECT body FROM acceptances WHERE request = ?", [request_id])
        return json.loads(row[0]) if row else None

    def add_on_request(self, signed: Signed[Any]) -> None:
        """A miner's claim, rejection, progress or envelope, or its requester's envelope; one issued
        later takes its place."""
        made: OnRequest = signed.message
        kind, request_id = type(made).__name__, _hex(made.request)
        requester, named = self._known(request_id)
        self._require_issued(made.issued)
        if not (isinstance(made, Envelope) and signed.signer == requester):
            self._require_miner(signed.signer, named)
        self._require_genuine(signed)
        body = _body(signed)
        with self._database.transaction() as database:
            known = database.execute(
                "SELECT issued, body FROM told WHERE request = ? AND kind = ? AND miner = ?",
                (request_id, kind, signed.signer),
            ).fetchone()
            if not _is_news(known, made.issued, body):
                return
            database.execute(
                "REPLACE INTO told VALUES (?, ?, ?, ?, ?)",
                (request_id, kind, signed.signer, made.issued, body),
            )
            database.execute(
                "DELETE FROM told WHERE rowid IN (SELECT rowid FROM told WHERE request = ?"
                " AND kind = ? ORDER BY issued DESC, rowid DESC LIMIT -1 OFFSET ?)",
                (request_id, kind, self.bounds.messages_per_request),
            )

    def on_request(self, kind: type[OnRequest], request_id: str) -> list[Json]:
        """What is said on a request, of one kind."""
        rows = self._database.rows(
            "SELECT body FROM told WHERE request = ? AND kind = ?", (request_id, kind.__name__)
        )
        return _bodies(rows)

    def drop_expired(self) -> None:
        """Forget what nobody can use any more."""
        now = self._clock()
        gone = now - self.bounds.oldest_announcement
        with self._database.transaction() as database:
            for table in ("announcements", "hostings"):
                database.execute(f"DELETE FROM {table} WHERE valid_until < ?", [gone])
            database.execute("DELETE FROM requests WHERE keep_until < ?", (now,))
            for table in ("told", "acceptances"):
                database.execute(
                    f"DELETE FROM {table} WHERE request NOT IN (SELECT id FROM requests)"
                )

    def _known(self, request_id: str) -> tuple[str, int]:
        """Requester, and number of the miner that is named."""
        row = self._database.row("SELECT requester, miner FROM requests WHERE id = ?", [request_id])
        if row is None:
            raise RelayRefusal(404, f"no request {request_id} was lodged here")
        return row[0], row[1]

    def _require_miner(self, account: str, number: int = 0) -> None:
        if self._admission is not None:
            self._admission.require_miner(account, number)

    def _require_genuine(self, signed: Signed[Any]) -> None:
        """To be asked last: or any contract could be asked for its signature."""
        if not verify(self.domain, signed, self._contracts):
            raise RelayRefusal(
                403, f"not signed by {signed.signer} for market {self.domain.market}"
            )

    def _require_confirm_by(self, until: int) -> None:
        now = self._clock()
        if until < now:
            raise RelayRefusal(422, "confirmBy has passed")
        if until > now + self.bounds.longest_wait:
            raise RelayRefusal(
                422, f"confirmBy is more than {self.bounds.longest_wait} seconds ahead"
            )

    def _require_room(self, database: Connection, requester: str) -> None:
        kept, waiting = database.execute(
            "SELECT count(*), coalesce(sum(confirm_by >= ?), 0) FROM requests WHERE requester = ?",
            (self._clock(), requester),
        ).fetchone()
        if waiting >= self.bounds.requests_per_requester:
            raise RelayRefusal(429, f"{requester} has {waiting} open requests here: as many as may")
        if kept >= self.bounds.kept_per_requester:
            raise RelayRefusal(
                429, f"{requester} has {kept} requests here, as many as are kept: lodge more later"
            )

    def _require_issued(self, issued: int) -> None:
        if issued > self._clock() + AHEAD:
            raise RelayRefusal(422, "issued lies in the future: set the clock")

    def _require_fresh(self, made: Announcement | Hosting) -> None:
        self._require_issued(made.issued)
        bounds = self.bounds
        if made.issued < self._clock() - bounds.oldest_announcement:
            raise RelayRefusal(
                422,
                f"issued lies more than {bounds.oldest_announcement} seconds back: set the clock,"
                " or sign the announcement anew",
            )
        if made.valid_until < self._clock():
            raise RelayRefusal(422, "validUntil has passed")
        if not made.issued <= made.valid_until <= made.issued + bounds.longest_announcement:
            raise RelayRefusal(
                422, f"validUntil is not within {bounds.longest_announcement} seconds after issued"
            )


def _is_news(known: tuple[int, str] | None, issued: int, body: str) -> bool:
    """Whether to keep a message in the place of the one that is `known`: when it was issued, and
    its body."""
    if known is None:
        return True
    if known[1] == body:
        return False
    if known[0] >= issued:
        raise RelayRefusal(
            409, "a newer one, or another of the same second, is known: sign it anew"
        )
    return True


def _body(signed: Signed[Any]) -> str:
    return json.dumps(signed_to_json(signed))


def _bodies(rows: list[tuple[Any, ...]]) -> list[Json]:
    return [json.loads(body) for (body,) in rows]


def _hex(raw: bytes) -> str:
    return "0x" + raw.hex()
