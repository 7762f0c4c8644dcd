"""Looking for plaintext in bytes that others see: as it is, in parts, encoded, or hashed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
from eth_utils.crypto import keccak

from suanli.chain import Node

PART, STRIDE = 12, 331
"""Bytes of a part that is looked for, and from one to the next of a long text."""
HASHES = (
    keccak,
    *(
        lambda data, name=name: hashlib.new(name, data).digest()
        for name in ("sha256", "sha1", "md5", "sha3_256", "blake2b")
    ),
)


class Tap(httpx.BaseTransport):
    """Keeps all that a client sends: address, headers and bodies."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        head = [f"{request.method} {request.url}".encode()]
        head += [name + b": " + value for name, value in request.headers.raw]
        self.sent.append(b"\r\n".join([*head, b"", request.read()]))
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def found(needles: Mapping[str, bytes], seen: bytes) -> list[str]:
    """Which of the texts can be seen, and how."""
    lower = seen.lower()
    told = []
    for name, text in needles.items():
        for how, form in _forms(text):
            if form in seen or (how.startswith("hex") and form in lower):
                told.append(f"{name}: {how}")
    return told


def _forms(text: bytes) -> Iterator[tuple[str, bytes]]:
    for part in _parts(text):
        yield "as it is", part
        yield "backwards", part[::-1]
        yield "hex", part.hex().encode()
        yield "utf-16", part.decode("latin-1").encode("utf-16-le")
        for begin in range(3):  # wherever it stands in what is encoded
            whole = (len(part) - begin) // 3 * 3
            yield f"base64 from {begin}", base64.b64encode(part[begin : begin + whole])
            yield f"base64url from {begin}", base64.urlsafe_b64encode(part[begin : begin + whole])
    for make in HASHES:
        digest = make(text)
        yield "its hash", digest
        yield "hex of its hash", digest.hex().encode()
        yield "base64 of its hash", base64.b64encode(digest).rstrip(b"=")
    cid = base64.b32encode(b"\x01\x55\x12\x20" + hashlib.sha256(text).digest())
    yield "its CID", cid.lower().rstrip(b"=")


def _parts(text: bytes) -> Iterator[bytes]:
    yield text[:PART]
    for begin in range(STRIDE, len(text) - PART, STRIDE):
        yield text[begin : begin + PART]
    if len(text) > PART:
        yield text[-PART:]


def on_disk(*places: Path) -> bytes:
    """All files there, their names included."""
    paths = [path for place in places for path in (place, *place.rglob("*")) if path.is_file()]
    return b"\n".join(str(path).encode() + b"\n" + path.read_bytes() for path in paths)


def on_chain(node: Node, first: int = 0) -> bytes:
    """What all transactions from a block on carry, and what contracts logged, as hexadecimal."""
    seen: list[str] = []
    for number in range(first, node.head().number + 1):
        block = node.request("eth_getBlockByNumber", hex(number), True)
        for transaction in block["transactions"]:
            receipt = node.request("eth_getTransactionReceipt", transaction["hash"])
            seen += [transaction["input"], *(log["data"] for log in receipt["logs"])]
            seen += [topic for log in receipt["logs"] for topic in log["topics"]]
    text = "\n".join(seen)
    return text.encode() + b"\n" + bytes.fromhex(text.replace("0x", "").replace("\n", ""))
