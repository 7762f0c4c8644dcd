"""What the relay takes and gives out: everything is verified on its way in.

The relay holds no funds and no keys: it can withhold, and nothing else. What it gives out carries
its maker's signature, which whoever reads it checks again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from suanli.chain import (
    InvalidMessage,
    Node,
    signed_acceptance_from_json,
    signed_request_from_json,
    signed_to_json,
    verify,
)
from suanli.database import Database
from suanli.model import ZERO_ADDRESS, Domain
from suanli.relay.errors import RelayRefusal
from suanli.relay.messages import M, Notice, Refusal, Result, SignedMessage

Json = dict[str, Any]
PAGE = 500
"""Most items in an answer."""


@dataclass(frozen=True)
class Bounds:
    """How much the relay takes."""

    requests_per_requester: int = 2_000
    """open at a time"""
    words_per_request: int = 100
    """results, and refusals, on one request"""
    notices: int = 10_000
    longest_wait: int = 7 * 86_400
    """seconds until a request or notice must have expired"""
    keep: int = 7 * 86_400
    """seconds for which results are kept after a deal's deadline"""


class Desk:
    """`node` lets contract wallets sign (ERC-1271); without it only keys can."""

    def __init__(
        self,
        database: Database,
        domain: Domain,
        *,
        node: Node | None = None,
        bounds: Bounds | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.domain = domain
        self.bounds = bounds or Bounds()
        self._database = database
        self._node = node
        self._clock = clock

    def add_notice(self, signed: SignedMessage[Notice]) -> None:
        notice = signed.message
        self._require_genuine(signed)
        self._require_time(notice.valid_until, "valid_until")
        if notice.issued > self._clock() + 60:
            raise RelayRefusal(422, "issued lies in the future: set the clock")
        with self._database.transaction() as database:
            known = database.execute(
                "SELECT issued FROM notices WHERE miner = ? AND resource = ?",
                (notice.miner, notice.resource),
            ).fetchone()
            if known and known[0] > notice.issued:
                raise RelayRefusal(409, "a newer notice is known")
            (count,) = database.execute("SELECT count(*) FROM notices").fetchone()
            if not known and count >= self.bounds.notices:
                raise RelayRefusal(503, "the relay has as many notices as it takes")
            row = (notice.miner, notice.resource, notice.runtime, notice.issued)
            database.execute(
                "REPLACE INTO notices VALUES (?, ?, ?, ?, ?, ?)",
                (*row, notice.valid_until, signed.model_dump_json()),
            )

    def notices(self, resource: int, runtime: str | None = None) -> list[Json]:
        """Those that have not expired, the fastest miners not first: in no meaningful order."""
        rows = self._database.rows(
            "SELECT body FROM notices WHERE resource = ? AND valid_until >= ?"
            " AND (? IS NULL OR runtime = ?) LIMIT ?",
            (resource, self._clock(), runtime, runtime, PAGE),
        )
        return _bodies(rows)

    def add_request(self, body: Json) -> Json:
        """Raises RelayRefusal; a request that is known already is no error."""
        signed = _parsed(signed_request_from_json, body)
        request = signed.message
        self._require_time(request.confirm_by, "confirmBy")
        self._require_signature(request, signed.signature, request.requester)
        request_id = "0x" + self.domain.request_id(request).hex()
        with self._database.transaction() as database:
            known = database.execute(
                "SELECT sequence FROM requests WHERE id = ?", (request_id,)
            ).fetchone()
            if known is None:
                (count,) = database.execute(
                    "SELECT count(*) FROM requests WHERE requester = ? AND confirm_by >= ?",
                    (request.requester, self._clock()),
                ).fetchone()
                if count >= self.bounds.requests_per_requester:
                    raise RelayRefusal(429, f"{request.requester} has {count} open requests here")
                keep_until = request.confirm_by + request.duration + self.bounds.keep
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
        return [{"sequence": n, "id": i, "signed": json.loads(body)} for n, i, body in rows]

    def add_result(self, signed: SignedMessage[Result]) -> None:
        self._add_word("results", signed.message.request, signed)

    def results(self, request_id: str) -> list[Json]:
        return self._words("results", request_id)

    def add_refusal(self, signed: SignedMessage[Refusal]) -> None:
        self._add_word("refusals", signed.message.request, signed)

    def refusals(self, request_id: str) -> list[Json]:
        return self._words("refusals", request_id)

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
        with self._database.transaction() as database:
            database.execute("DELETE FROM notices WHERE valid_until < ?", (now,))
            database.execute("DELETE FROM requests WHERE keep_until < ?", (now,))
            for table in ("results", "refusals", "acceptances"):
                database.execute(
                    f"DELETE FROM {table} WHERE request NOT IN (SELECT id FROM requests)"
                )

    def _add_word(self, table: str, request_id: str, signed: SignedMessage[M]) -> None:
        """A miner's word on a request; a later one takes its place."""
        _, named = self._known(request_id)
        miner = signed.message.miner
        if named not in (ZERO_ADDRESS, miner):
            raise RelayRefusal(403, f"the request names another miner: {named}")
        self._require_genuine(signed)
        with self._database.transaction() as database:
            (others,) = database.execute(
                f"SELECT count(*) FROM {table} WHERE request = ? AND miner != ?",
                (request_id, miner),
            ).fetchone()
            if others >= self.bounds.words_per_request:
                raise RelayRefusal(429, "as many miners have spoken on this request as may")
            database.execute(
                f"REPLACE INTO {table} VALUES (?, ?, ?)",
                (request_id, miner, signed.model_dump_json()),
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

    def _require_genuine(self, signed: SignedMessage[M]) -> None:
        if not signed.is_genuine(self.domain):
            raise RelayRefusal(
                403, f"not signed by {signed.message.miner} for market {self.domain.market}"
            )

    def _require_signature(self, message: Any, signature: bytes, signer: str) -> None:
        if not verify(self.domain, message, signature, signer, self._node):
            raise RelayRefusal(403, f"not signed by {signer} for market {self.domain.market}")

    def _require_time(self, until: int, name: str) -> None:
        now = self._clock()
        if until < now:
            raise RelayRefusal(422, f"{name} has passed")
        if until > now + self.bounds.longest_wait:
            raise RelayRefusal(422, f"{name} is more than {self.bounds.longest_wait} seconds ahead")


def _parsed(parse: Callable[[Any], Any], body: Json) -> Any:
    try:
        return parse(body)
    except InvalidMessage as error:
        raise RelayRefusal(422, str(error)) from error


def _bodies(rows: list[tuple[Any, ...]]) -> list[Json]:
    return [json.loads(body) for (body,) in rows]
