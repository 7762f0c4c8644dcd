"""A relay as miners and requesters see it: nothing it says is believed unchecked."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx

from suanli.base.deadline import Deadline
from suanli.base.http import client_for
from suanli.base.text import plain
from suanli.protocol import (
    Acceptance,
    Announcement,
    Claim,
    Contracts,
    Domain,
    Envelope,
    Hosting,
    InvalidMessage,
    M,
    Progress,
    Rejection,
    Request,
    Signed,
    signed_from_json,
    signed_to_json,
    verify,
)
from suanli.relay.errors import RelayBusy, RelayLied, RelayRefusal, RelayUnreachable
from suanli.relay.paths import ON_REQUEST, PATHS, PROTOCOL

MAX_ANSWER = 8 << 20
"""Bytes of a JSON answer."""
MAX_SECONDS = 30.0
"""Until a JSON answer is complete."""
MOST_KEEPS = 300
"""Characters of what a relay says that it keeps."""
MAX_WAIT = 300.0
"""Seconds for which a relay may put its callers off."""
FULL = 100
"""Requests in an answer after which there may be more. A relay ends its answers at about 1 MiB, and
no request has 10 KiB."""
OnRequest = TypeVar("OnRequest", Claim, Rejection, Progress, Envelope)


@dataclass(frozen=True)
class Lodged:
    """A request as it stands at the relay."""

    sequence: int
    id: bytes
    signed: Signed[Request]


@dataclass(frozen=True)
class Page:
    """The genuine requests in an answer, in order; if there may be more, ask `after` this sequence.

    What is not genuine counts for `after` and `more`, or it would hide what follows.
    """

    requests: list[Lodged]
    after: int
    more: bool


class RelayClient:
    """Raises RelayUnreachable, RelayRefusal, and RelayLied for answers that can't be true."""

    def __init__(
        self,
        url: str,
        domain: Domain,
        *,
        contracts: Contracts | None = None,
        transport: httpx.BaseTransport | None = None,
        timeout: float = 10.0,
    ) -> None:
        self.url = url.rstrip("/")
        self.domain = domain
        self._contracts = contracts
        self._deadline = Deadline()
        self.ahead: float | None = None
        """Seconds by which the relay's clock was ahead of this machine's when it answered last."""
        self.keeps = ""
        """What it says that it keeps, and for how long, as of its last `check`."""
        try:
            self._http = client_for(
                self.url,
                base_url=self.url,
                transport=transport,
                timeout=timeout,
                headers={"Accept-Encoding": "identity"},
            )
        except httpx.InvalidURL as error:
            raise RelayUnreachable(f"{url!r} is no address of a relay: {error}") from error

    def close(self) -> None:
        self._http.close()

    def check(self) -> None:
        """Raise RelayLied if it serves another market or speaks another protocol."""
        info = self._json("GET", "/v1/info")
        wanted = (PROTOCOL, self.domain.chain_id, self.domain.market)
        found = tuple(
            info.get(name) if isinstance(info, dict) else None
            for name in ("protocol", "chain_id", "market")
        )
        if found != wanted:
            raise RelayLied(
                f"relay {self.url} serves (protocol, chain, market) {found}, not {wanted}"
            )
        self.keeps = plain(str(info.get("keeps", "")))[:MOST_KEEPS]

    def post(self, signed: Signed[Any]) -> None:
        """Put a message up; a request that is known already is no error."""
        self._json("POST", PATHS[type(signed.message)], body=signed_to_json(signed))

    def announcements(self, resource: int, runtime: bytes | None = None) -> list[Announcement]:
        """Genuine ones only, as in the other lists: forged ones are left out."""
        params = {"resource": str(resource)}
        if runtime is not None:
            params["runtime"] = "0x" + runtime.hex()
        found = self._genuine(Announcement, self._list(PATHS[Announcement], params))
        return [made for made in found if made.resource == resource]

    def hostings(self, resource: int) -> list[Hosting]:
        """Genuine ones only."""
        found = self._genuine(Hosting, self._list(PATHS[Hosting], {"resource": str(resource)}))
        return [made for made in found if made.resource == resource]

    def requests(
        self, after: int = 0, resource: int | None = None, miner: int | None = None
    ) -> Page:
        """Open requests above a sequence; `miner`: its number."""
        given = {"after": after, "resource": resource, "miner": miner}
        params = {name: str(value) for name, value in given.items() if value is not None}
        items = self._list(PATHS[Request], params)
        lodged = [found for item in items if (found := self._lodged(item)) is not None]
        return Page(lodged, max([after, *map(_sequence, items)]), len(items) >= FULL)

    def claims(self, request_id: bytes) -> list[Claim]:
        return self._on_request(Claim, request_id)

    def rejections(self, request_id: bytes) -> list[Rejection]:
        return self._on_request(Rejection, request_id)

    def progress(self, request_id: bytes) -> list[Progress]:
        return self._on_request(Progress, request_id)

    def envelopes(self, request_id: bytes) -> list[Envelope]:
        return self._on_request(Envelope, request_id)

    def acceptance(self, request: Request) -> Signed[Acceptance] | None:
        """The requester's acceptance of whatever result it names; forged ones are none."""
        request_id = self.domain.request_id(request)
        answer = self._json("GET", f"{_of_request(request_id)}/acceptance")
        signed = self._read(Acceptance, answer)
        if signed is None or signed.signer != request.requester:
            return None
        return signed if signed.message.request == request_id else None

    def tell_root(self, blob: str, root: str) -> None:
        """That a blob is on IPFS under another CID than its own, being large."""
        self._json("PUT", f"/v1/roots/{blob}/{root}")

    def roots(self, blob: str) -> list[str]:
        """As callers told them: nobody has looked what is under them."""
        return [text for text in self._list(f"/v1/roots/{blob}") if isinstance(text, str)]

    def _on_request(self, kind: type[OnRequest], request_id: bytes) -> list[OnRequest]:
        items = self._list(f"{_of_request(request_id)}/{ON_REQUEST[kind]}")
        return [made for made in self._genuine(kind, items) if made.request == request_id]

    def _lodged(self, item: Any) -> Lodged | None:
        signed = self._read(Request, item.get("signed") if _is(item) else None)
        if signed is None or not _sequence(item):
            return None
        return Lodged(item["sequence"], self.domain.request_id(signed.message), signed)

    def _genuine(self, kind: type[M], items: Sequence[Any]) -> list[M]:
        found = (self._read(kind, item) for item in items)
        return [signed.message for signed in found if signed is not None]

    def _read(self, kind: type[M], value: Any) -> Signed[M] | None:
        """None for what its signer did not sign."""
        try:
            signed = signed_from_json(kind, value)
        except InvalidMessage:
            return None
        return signed if verify(self.domain, signed, self._contracts) else None

    def _list(self, path: str, params: dict[str, str] | None = None) -> list[Any]:
        answer = self._json("GET", path, params=params)
        if not isinstance(answer, list):
            raise RelayLied(f"relay {self.url} answered {path} with something else than a list")
        return answer

    def _json(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        body: Any = None,
    ) -> Any:
        data = self.whole(method, path, MAX_ANSWER, MAX_SECONDS, params=params, json=body)
        if not data:
            return None
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise RelayLied(f"relay {self.url} answered {path} with no JSON") from error

    def whole(self, method: str, path: str, limit: int, seconds: float, **options: Any) -> bytes:
        """The body of a good answer, of `limit` bytes at most and complete within `seconds`."""
        ends = time.monotonic() + seconds
        try:
            with self._deadline.within(seconds):
                return b"".join(self.stream(method, path, limit, **options))
        except RelayUnreachable as error:
            if time.monotonic() < ends:
                raise
            raise RelayUnreachable(
                f"relay {self.url} takes longer than {seconds:g} s to answer: try again"
            ) from error

    def stream(
        self, method: str, path: str, limit: int, *, start: int = 0, **options: Any
    ) -> Iterator[bytes]:
        """The body of a good answer in pieces, `limit` bytes at most; without its first `start`
        bytes, which the relay is not to send."""
        if self._http.is_closed:
            raise RelayUnreachable(f"relay {self.url} is not talked to any more")
        size, extensions = 0, self._deadline.extensions
        if start:
            options["headers"] = {"Range": f"bytes={start}-"}
        try:
            with self._http.stream(method, path, extensions=extensions, **options) as response:
                self.ahead = _ahead(response.headers.get("date"))
                if response.headers.get("content-encoding", "identity") != "identity":
                    # A few packed bytes may fill the memory.
                    raise RelayUnreachable(
                        f"relay {self.url} packs its answers, which nobody asked for"
                    )
                if not response.is_success:
                    raise _refusal(response)
                if start and not _begins_at(response, start):
                    raise RelayRefusal(
                        416, f"relay {self.url} sends another part than was asked for"
                    )
                for chunk in response.iter_bytes():
                    size += len(chunk)
                    if size > limit:
                        raise RelayLied(f"relay {self.url} answered {path} with over {limit} bytes")
                    yield chunk
        except httpx.HTTPError as error:
            raise RelayUnreachable(
                f"relay {self.url} can't be reached: {error or type(error).__name__}"
            ) from error


def _begins_at(response: httpx.Response, start: int) -> bool:
    return response.status_code == 206 and response.headers.get("content-range", "").startswith(
        f"bytes {start}-"
    )


def _refusal(response: httpx.Response) -> RelayRefusal:
    if response.status_code == 429 and response.headers.get("retry-after", "").isdecimal():
        return RelayBusy(min(float(response.headers["retry-after"]), MAX_WAIT))
    if response.has_redirect_location:
        to = response.headers["location"][:500]
        return RelayRefusal(
            response.status_code,
            f"the relay is elsewhere: it names {to}; if you trust it, use that",
        )
    text = next(response.iter_bytes(), b"")[:4096].decode("utf-8", "replace")[:2000]
    try:
        detail = json.loads(text)["detail"]
    except (ValueError, KeyError, TypeError, RecursionError):
        detail = text or response.reason_phrase
    return RelayRefusal(response.status_code, f"the relay refused: {detail}")


def _sequence(item: Any) -> int:
    """0 where there is none."""
    found = item.get("sequence") if _is(item) else None
    return found if isinstance(found, int) else 0


def _of_request(request_id: bytes) -> str:
    return f"{PATHS[Request]}/0x{request_id.hex()}"


def _is(item: Any) -> bool:
    return isinstance(item, dict)


def _ahead(date: str | None) -> float | None:
    """Of this machine's clock, by an answer's date, which is in whole seconds."""
    try:
        return parsedate_to_datetime(date or "").timestamp() + 0.5 - time.time()
    except (ValueError, OverflowError):
        return None
