"""Where blocks come from: a Kubo node's RPC, or a trustless gateway. Neither is believed: each
block's hash is compared."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from suanli.base.http import is_url
from suanli.store.base import BlobCorrupt, BlobMissing, StoreError, StoreUnavailable
from suanli.store.ipfs.dag import MOST_BLOCK, Cid
from suanli.store.ipfs.wire import CallRefused, TooMuch, Wire

SCHEME = "ipfs:"
EXAMPLE = "ipfs:/ip4/127.0.0.1/tcp/5001"
_CALL = 30.0
"""Seconds of another call of a node."""
_ANSWER = 1 << 20
"""Bytes of an answer other than a block."""
_PINS_AT_ONCE = 100
_NODE = re.compile(
    r"/(?P<kind>ip4|ip6|dns|dns4|dns6)/(?P<host>[0-9A-Za-z.:_-]+)/tcp/(?P<port>\d{1,5})"
    r"(?P<tls>/https|/tls/http|/http)?"
)
_ABSENT = ("not found", "could not find", "deadline exceeded", "timeout", "no providers")


class BadPlace(StoreError):
    """Text that names no place on IPFS."""


class BlockSource(Protocol):
    """Raises StoreUnavailable if it can't be reached."""

    def block(self, cid: Cid, seconds: float) -> bytes:
        """The right bytes, if they come within so many seconds. Raises BlobMissing, and BlobCorrupt
        for others."""

    def close(self) -> None: ...


class Gateway:
    """By https://specs.ipfs.tech/http-gateways/trustless-gateway/."""

    def __init__(self, url: str) -> None:
        self._wire = Wire(url, f"the gateway {url}", "name another one in `store`, or try again")

    def block(self, cid: Cid, seconds: float) -> bytes:
        headers = {"Accept": "application/vnd.ipld.raw"}
        try:
            found = self._wire.call(
                "GET", f"/ipfs/{cid}?format=raw", MOST_BLOCK, seconds, headers=headers
            )
        except CallRefused as error:
            if error.status in (404, 410, 504):
                raise BlobMissing(cid.digest, str(error)) from error
            raise
        except TooMuch as error:
            raise BlobCorrupt(cid.digest, str(error)) from error
        return _right(cid, found, self._wire.who)

    def close(self) -> None:
        self._wire.close()


class Kubo:
    """A node of one's own, by its RPC: https://docs.ipfs.tech/reference/kubo/rpc/."""

    def __init__(self, url: str) -> None:
        self._wire = Wire(
            url, f"the IPFS node at {url}", "start it (ipfs daemon), or correct `store`"
        )

    def block(self, cid: Cid, seconds: float) -> bytes:
        try:
            found = self._call(
                "block/get",
                limit=MOST_BLOCK,
                seconds=1.25 * seconds,  # it ends its search itself, and says so
                arg=str(cid),
                timeout=f"{seconds:g}s",
            )
        except CallRefused as error:
            if any(text in error.words.lower() for text in _ABSENT):
                raise BlobMissing(
                    cid.digest, f"not found on IPFS in {seconds:g} s: {error.words}"
                ) from error
            raise
        except TooMuch as error:
            raise BlobCorrupt(cid.digest, str(error)) from error
        return _right(cid, found, self._wire.who)

    def put(self, blocks: Mapping[Cid, bytes], pin: bool) -> None:
        """Blocks of one codec, a few MiB together."""
        codecs = {0x55: "raw", 0x70: "dag-pb"}
        (codec,) = {cid.codec for cid in blocks}
        files = [("data", (f"{i}", data)) for i, data in enumerate(blocks.values())]
        options: Any = {"cid-codec": codecs[codec], "mhtype": "sha2-256", "pin": str(pin).lower()}
        answer = self._call("block/put", files=files, **options)
        keys = [_field(line, "Key") for line in answer.splitlines() if line.strip()]
        if keys != [str(cid) for cid in blocks]:
            raise StoreUnavailable(
                f"{self._wire.who} kept other blocks than it was given: is it Kubo 0.12 or newer?"
            )

    def has(self, cid: Cid) -> bool:
        """Whether it is on the node's own disk."""
        try:
            self._call("block/stat", arg=str(cid), offline="true")
        except CallRefused as error:
            if any(text in error.words.lower() for text in _ABSENT):
                return False
            raise
        return True

    def pin(self, cids: Sequence[Cid]) -> None:
        """Keep what is on its disk, with all that is below it."""
        for begin in range(0, len(cids), _PINS_AT_ONCE):
            named = [str(cid) for cid in cids[begin : begin + _PINS_AT_ONCE]]
            self._call("pin/add", arg=named, offline="true")

    def unpin(self, cid: Cid) -> None:
        """Let its garbage collector have it."""
        try:
            self._call("pin/rm", arg=str(cid))
        except CallRefused as error:
            if "not pinned" not in error.words:
                raise

    def addresses(self) -> list[str]:
        """Where other nodes reach it, each with its peer id."""
        found = _field(self._call("id"), "Addresses")
        return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []

    def connect(self, address: str, seconds: float) -> None:
        self._call("swarm/connect", seconds=seconds, arg=address, timeout=f"{seconds:g}s")

    def close(self) -> None:
        self._wire.close()

    def _call(
        self,
        command: str,
        *,
        limit: int = _ANSWER,
        seconds: float = _CALL,
        files: Any = None,
        **params: str | list[str],
    ) -> bytes:
        return self._wire.call(
            "POST", f"/api/v0/{command}", limit, seconds, params=params, files=files
        )


def is_ipfs(where: str) -> bool:
    return where.startswith(SCHEME)


def parse(where: str) -> tuple[str | None, list[str]]:
    """Of `ipfs:` and places with commas between them: the URL of the node's RPC, if one is named,
    and those of gateways. Raises BadPlace."""
    nodes, gateways = [], []
    for place in where.removeprefix(SCHEME).split(","):
        found = _NODE.fullmatch(place)
        if found and 0 < int(found["port"]) < 1 << 16:
            host = f"[{found['host']}]" if found["kind"] == "ip6" else found["host"]
            scheme = "http" if found["tls"] in (None, "/http") else "https"
            nodes.append(f"{scheme}://{host}:{found['port']}")
        elif is_url(place):
            gateways.append(place)
        else:
            raise BadPlace(
                f"{place!r} is no place on IPFS: write a node's RPC address, as in {EXAMPLE}, and,"
                " after commas, the URLs of trustless gateways"
            )
    for url in nodes:
        if not is_url(url):
            raise BadPlace(f"{where!r} names no host: write an address as in {EXAMPLE}")
    if len(nodes) > 1:
        raise BadPlace(f"{where!r} names several nodes: one keeps what is put; name that")
    return (nodes[0] if nodes else None), gateways


def require_node(where: str) -> None:
    """Raises BadPlace if it is none, or names no node that keeps what is put."""
    if parse(where)[0] is None:
        raise BadPlace(f"gateways only give: name a node's RPC address, too, as in {EXAMPLE}")


def _right(cid: Cid, block: bytes, who: str) -> bytes:
    if not cid.names(block):
        raise BlobCorrupt(cid.digest, f"{who} sent other bytes")
    return block


def _field(line: bytes, name: str) -> Any:
    try:
        return json.loads(line)[name]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
