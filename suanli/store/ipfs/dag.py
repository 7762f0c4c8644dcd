"""Large blobs as UnixFS files: how one is cut into blocks, and what a block says of those below it.

A file is cut into leaves of `LEAF` bytes, raw blocks, under balanced nodes of `LINKS` links each:
what `ipfs add --cid-version=1 --raw-leaves --chunker=size-1048576` makes of it. So whoever puts a
blob makes the same root. Read is any file of that kind, however it was cut. By
https://ipld.io/specs/codecs/dag-pb/spec/ and https://specs.ipfs.tech/unixfs/.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from typing import NamedTuple

LEAF, LINKS = 1 << 20, 174
MOST_BLOCK = 2 << 20
"""Bytes of a block: no peer sends larger ones."""
_CIDS = {0x55: bytes([0x01, 0x55, 0x12, 0x20]), 0x70: bytes([0x01, 0x70, 0x12, 0x20])}
RAW, DAG_PB = _CIDS
CID_BYTES = 36
_OLD_CID = bytes([0x12, 0x20])
"""Of version 0, which is DAG_PB."""
_FORM = re.compile(r"b[a-z2-7]{58}")
_RAW_DATA, _FILE = 0, 2
"""Types of UnixFS nodes that hold bytes."""


class BadBlock(ValueError):
    """Bytes that are not what they should be."""


class Cid(NamedTuple):
    """Of a block whose hash is sha2-256."""

    codec: int
    digest: bytes

    def __str__(self) -> str:
        raw = base64.b32encode(bytes(self)).decode("ascii")
        return "b" + raw.lower().rstrip("=")

    def __bytes__(self) -> bytes:
        return _CIDS[self.codec] + self.digest

    @property
    def is_node(self) -> bool:
        """Not the bytes themselves, but of a file's node."""
        return self.codec == DAG_PB

    def names(self, block: bytes) -> bool:
        return hashlib.sha256(block).digest() == self.digest


class Link(NamedTuple):
    """`size`: bytes of the file below it; `weight`: those of all its blocks."""

    cid: Cid
    size: int
    weight: int = 0


class UnixfsNode(NamedTuple):
    """`data` come before what the links hold."""

    data: bytes
    links: list[Link]


def read_cid(text: str) -> Cid:
    """A root, as it is told. Raises BadBlock."""
    if _FORM.fullmatch(text):
        cid = _cid(base64.b32decode(text[1:].upper() + "======"))
        if str(cid) == text:
            return cid
    raise BadBlock(f"not the CID of a file: {text[:80]!r}")


def cid_of_block(codec: int, block: bytes) -> Cid:
    return Cid(codec, hashlib.sha256(block).digest())


def tree(leaves: list[Link]) -> Iterator[tuple[Link, bytes]]:
    """The nodes above some leaves, the root last."""
    while len(leaves) > 1:
        above = []
        for begin in range(0, len(leaves), LINKS):
            below = leaves[begin : begin + LINKS]
            block = encode(below)
            size, weight = sum(link.size for link in below), sum(link.weight for link in below)
            link = Link(cid_of_block(DAG_PB, block), size, weight + len(block))
            above.append(link)
            yield link, block
        leaves = above


def encode(links: list[Link]) -> bytes:
    """A node of a file that has links alone."""
    made = b"".join(
        _bytes(2, _bytes(1, bytes(link.cid)) + _bytes(2, b"") + _number(3, link.weight))
        for link in links
    )
    sizes = b"".join(_number(4, link.size) for link in links)
    whole = _number(3, sum(link.size for link in links))
    return made + _bytes(1, _number(1, _FILE) + whole + sizes)


def decode(block: bytes) -> UnixfsNode:
    """A node of a file. Raises BadBlock."""
    cids, inside = [], None
    for field, value in _fields(block):
        if field == 2 and isinstance(value, bytes):
            cids.append(_linked(value))
        elif field == 1 and isinstance(value, bytes):
            inside = value
    if inside is None:
        raise BadBlock("a block that is no part of a file")
    kind, data, sizes = -1, b"", []
    for field, value in _fields(inside):
        if isinstance(value, bytes):
            data = value if field == 2 else data
            sizes += list(_packed(value)) if field == 4 else []
        else:
            kind = value if field == 1 else kind
            sizes += [value] if field == 4 else []
    if kind not in (_RAW_DATA, _FILE) or len(sizes) != len(cids) or 0 in sizes:
        raise BadBlock("a block that is no part of a file")
    return UnixfsNode(data, [Link(cid, size) for cid, size in zip(cids, sizes, strict=True)])


def _linked(link: bytes) -> Cid:
    for field, value in _fields(link):
        if field == 1 and isinstance(value, bytes):
            return _cid(value)
    raise BadBlock("a link to nothing")


def _cid(raw: bytes) -> Cid:
    if len(raw) == 34 and raw.startswith(_OLD_CID):
        return Cid(DAG_PB, raw[2:])
    for codec, prefix in _CIDS.items():
        if len(raw) == CID_BYTES and raw.startswith(prefix):
            return Cid(codec, raw[4:])
    raise BadBlock("a CID of another kind than files have")


# Protocol Buffers, as far as they are used: https://protobuf.dev/programming-guides/encoding/


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        value, at = _varint(message, at)
        if tag & 7 == 0:
            yield tag >> 3, value
        elif tag & 7 == 2 and at + value <= len(message):
            yield tag >> 3, message[at : at + value]
            at += value
        else:
            raise BadBlock("a block that ends too early, or is none")


def _packed(values: bytes) -> Iterator[int]:
    at = 0
    while at < len(values):
        value, at = _varint(values, at)
        yield value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(10):
        if at + place >= len(message):
            break
        byte = message[at + place]
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    raise BadBlock("a block that ends too early, or is none")


def _number(field: int, value: int) -> bytes:
    return bytes([field << 3]) + _written(value)


def _bytes(field: int, value: bytes) -> bytes:
    return bytes([field << 3 | 2]) + _written(len(value)) + value


def _written(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
