"""What the relay takes and gives out: everything is verified on its way in.

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
from suanli.chain import Node, verify
from suanli.protocol import (
    ZERO_ADDRESS,
    Domain,
    InvalidMessage,
    signed_acceptance_from_json,
    signed_request_from_json,
    signed_to_json,
)
from suanli.protocol.messages_relay import M, Notice, Progress, Refusal, Result, SignedMessage
from suanli.relay.errors import RelayRefusal
from suanli.relay.server.standing import Standing

Json = dict[str, Any]
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
    words_per_request: int = 100
    """results, refusals, and progress, on one request: those issued last"""
    notices: int = 10_000
    """those issued last"""
    longest_wait: int = 7 * 86_400
    """seconds until a request must have been confirmed"""
    longest_deal: int = 30 * 86_400
    """seconds of a deal for which its request is kept"""
    keep: int = 7 * 86_400
    """seconds for which results are kept after a deal's deadline"""
    longest_notice: int = 86_400
    """seconds from `issued` to `valid_until`"""
    oldest_notice: int = 3_600
    """seconds after `issued` in which it must come; once expired it is kept for as long, so that
    none which was replaced comes back"""


class Desk:
    """`node` lets contract wallets sign (ERC-1271); without it only keys can. `standing` keeps out
    those whom the chain does not know; without it anybody may lodge anything."""

    def __init__(
        self,
        database: Database,
        domain: Domain,
        *,
        node: Node | None = None,
        standing: Standing | None = None,
        bounds: Bounds | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.domain = domain
        self.bounds = bounds or Bounds()
        self._database = database
        self._node = node
        self._standing = standing
        self._clock = clock

    def add_notice(self, signed: SignedMessage[Notice]) -> None:
        notice = signed.message
        self._require_genuine(signed)
        self._require_fresh(notice)
        self._require_miner(notice.miner)
        body = signed.model_dump_json()
        with self._database.transaction() as database:
            known = database.execute(
                "SELECT issued, body FROM notices WHERE miner = ? AND resource = ?",
                (notice.miner, notice.resource),
            ).fetchone()
            if not _is_news(known, notice.issued, body):
                return
            row = (notice.miner, notice.resource, notice.runtime, notice.issued)
            database.execute(
                "REPLACE INTO notices VALUES (?, ?, ?, ?, ?, ?)", (*row, notice.valid_until, body)
            )
            database.execute(
                "DELETE FROM notices WHERE rowid IN (SELECT rowid FROM notices"
                " ORDER BY issued DESC, rowid DESC LIMIT -1 OFFSET ?)",
                [self.bounds.notices],
            )

    def notices(self, resource: int, runtime: str | None = None) -> list[Json]:
        """Those that have not expired, issued last first."""
        rows = self._database.rows(
            "SELECT body FROM notices WHERE resource = ? AND valid_until >= ?"
            " AND (? IS NULL OR runtime = ?) ORDER BY issued DESC LIMIT ?",
            (resource, self._clock(), runtime, runtime, PAGE),
        )
        return _bodies(rows)

    def add_request(self, body: Json) -> Json:
        """Raises RelayRefusal; a request that is known already is no error."""
        signed = _parsed(signed_request_from_json, body)
        request = signed.message
        self._require_confirm_by(request.confirm_by)
        if self._standing is not None:  # first, or any contract could be asked for its signature
            self._standing.require_deposit(request.requester)
        self._require_signature(request, signed.signature, request.requester)
        request_id = "0x" + self.domain.request_id(request).hex()
        with self._database.transaction() as database:
            known = database.execute(
                "SELECT sequence FROM requests WHERE id = ?", (request_id,)
            ).fetchone()
            if known is None:
                self._require_room(database, request.requester)
                duration = min(request.duration, self.bounds.longest_deal)
                keep_until = request.confirm_by + duration + self.bounds.keep
                key = (request_id, request.requester, request.miner, request.resource)
                known = database.execute(
                    "INSERT INTO requests"
                    " (id, requester, miner, resource, confirm_by, keep_until, body)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING sequence",
                    (*key, request.confirm_by, keep_until, json.dumps(signed_to_json(signed))),
                ).fetchone()
        return {"id": request_id, "sequence": known[0]}

    def requests(self, after: int, resource: int | None, miner: str | None) -> list[Json]:
        """Open ones by sequence; for a miner: those that name it or nobody."""
        rows = self._database.rows(
            "SELECT sequence, id, body FROM requests WHERE sequence > ? AND confirm_by >= ?"
            " AND (? IS NULL OR resource = ?) AND (? IS NULL OR miner IN (?, ?))"
            " ORDER BY sequence LIMIT ?",
            (after, self._clock(), resource, resource, miner, miner, ZERO_ADDRESS, PAGE),
        )
        ends = itertools.accumulate(len(body) for _, _, body in rows)
        return [
            {"sequence": sequence, "id": request_id, "signed": json.loads(body)}
            for (sequence, request_id, body), end in zip(rows, ends, strict=True)
            if end <= PAGE_BYTES
        ]

    def add_result(self, signed: SignedMessage[Result]) -> None:
        self._add_word("results", signed.message.request, signed)

    def results(self, request_id: str) -> list[Json]:
        return self._words("results", request_id)

    def add_refusal(self, signed: SignedMessage[Refusal]) -> None:
        self._add_word("refusals", signed.message.request, signed)

    def refusals(self, request_id: str) -> list[Json]:
        return self._words("refusals", request_id)

    def add_progress(self, signed: SignedMessage[Progress]) -> None:
        self._add_word("progress", signed.message.request, signed)

    def progress(self, request_id: str) -> list[Json]:
        return self._words("progress", request_id)

    def add_acceptance(self, body: Json) -> None:
        signed = _parsed(signed_acceptance_from_json, body)
        request_id = "0x" + signed.message.request.hex()
        requester, _ = self._known(request_id)
        self._require_signature(signed.message, signed.signature, requester)
        with self._database.transaction() as database:
            database.execute(
                "REPLACE INTO acceptances VALUES (?, ?)",
                (request_id, json.dumps(signed_to_json(signed))),
            )

    def acceptance(self, request_id: str) -> Json | None:
        row = self._database.row("SELECT body FROM acceptances WHERE request = ?", [request_id])
        return json.loads(row[0]) if row else None

    def drop_expired(self) -> None:
        """Forget what nobody can use any more."""
        now = self._clock()
        gone = now - self.bounds.oldest_notice
        with self._database.transaction() as database:
            database.execute("DELETE FROM notices WHERE valid_until < ?", [gone])
            database.execute("DELETE FROM requests WHERE keep_until < ?", (now,))
            for table in ("results", "refusals", "progress", "acceptances"):
                database.execute(
                    f"DELETE FROM {table} WHERE request NOT IN (SELECT id FROM requests)"
                )

    def _add_word(self, table: str, request_id: str, signed: SignedMessage[M]) -> None:
        """A miner's word on a request; one issued later takes its place."""
        _, named = self._known(request_id)
        miner, issued, body = signed.message.miner, signed.message.issued, signed.model_dump_json()
        if named not in (ZERO_ADDRESS, miner):
            raise RelayRefusal(403, f"the request names another miner: {named}")
        self._require_genuine(signed)
        self._require_issued(issued)
        self._require_miner(miner)
        with self._database.transaction() as database:
            known = database.execute(
                f"SELECT issued, body FROM {table} WHERE request = ? AND miner = ?",
                (request_id, miner),
            ).fetchone()
            if not _is_news(known, issued, body):
                return
            database.execute(
                f"REPLACE INTO {table} VALUES (?, ?, ?, ?)", (request_id, miner, issued, body)
            )
            database.execute(
                f"DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE request = ?"
                " ORDER BY issued DESC, rowid DESC LIMIT -1 OFFSET ?)",
                (request_id, self.bounds.words_per_request),
            )

    def _words(self, table: str, request_id: str) -> list[Json]:
        return _bodies(
            self._database.rows(f"SELECT body FROM {table} WHERE request = ?", [request_id])
        )

    def _known(self, request_id: str) -> tuple[str, str]:
        """Requester and named miner."""
        row = self._database.row("SELECT requester, miner FROM requests WHERE id = ?", [request_id])
        if row is None:
            raise RelayRefusal(404, f"no request {request_id} was lodged here")
        return row[0], row[1]

    def _require_miner(self, account: str) -> None:
        if self._standing is not None:
            self._standing.require_miner(account)

    def _require_genuine(self, signed: SignedMessage[M]) -> None:
        if not signed.is_genuine(self.domain):
            raise RelayRefusal(
                403, f"not signed by {signed.message.miner} for market {self.domain.market}"
            )

    def _require_signature(self, message: Any, signature: bytes, signer: str) -> None:
        if not verify(self.domain, message, signature, signer, self._node):
            raise RelayRefusal(403, f"not signed by {signer} for market {self.domain.market}")

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

    def _require_fresh(self, notice: Notice) -> None:
        self._require_issued(notice.issued)
        bounds = self.bounds
        if notice.issued < self._clock() - bounds.oldest_notice:
            raise RelayRefusal(
                422,
                f"issued lies more than {bounds.oldest_notice} seconds back: set the clock, or sign"
                " the notice anew",
            )
        if notice.valid_until < self._clock():
            raise RelayRefusal(422, "valid_until has passed")
        if not notice.issued <= notice.valid_until <= notice.issued + bounds.longest_notice:
            raise RelayRefusal(
                422, f"valid_until is not within {bounds.longest_notice} seconds after issued"
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


def _parsed(parse: Callable[[Any], Any], body: Json) -> Any:
    try:
        return parse(body)
    except InvalidMessage as error:
        raise RelayRefusal(422, str(error)) from error


def _bodies(rows: list[tuple[Any, ...]]) -> list[Json]:
    return [json.loads(body) for (body,) in rows]
