"""What stands in a frame: a control message, or a numbered item of the stream."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from suanli.base import strict_json
from suanli.lease.errors import BadPeer

PIECE = 32 << 10
"""Bytes of an item at most."""
_CONTROL, _ITEM, _NUMBER = b"c", b"d", 8


class Doing(IntEnum):
    """Of an item; docs/leases.md says who sends which."""

    START = 1
    STDIN = 2
    STDIN_END = 3
    SIGNAL = 4
    RESIZE = 5
    PUT = 6
    PUT_END = 7
    GET = 8
    STARTED = 32
    STDOUT = 33
    STDERR = 34
    EXITED = 35
    STORED = 36
    GOT = 37
    GOT_END = 38
    FAILED = 39


@dataclass(frozen=True)
class Control:
    """`do` says what it is, the fields differ."""

    do: str
    fields: dict[str, Any]


@dataclass(frozen=True)
class Numbered:
    number: int
    doing: Doing
    data: bytes

    def json(self) -> dict[str, Any]:
        """Raises BadPeer."""
        return _object(self.data)


def control(do: str, **fields: Any) -> bytes:
    return _CONTROL + to_json({"do": do, **fields})


def item(number: int, doing: Doing, data: bytes) -> bytes:
    return _ITEM + number.to_bytes(_NUMBER, "big") + bytes([doing]) + data


def to_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def read(frame: bytes) -> Control | Numbered:
    """Raises BadPeer."""
    if frame[:1] == _CONTROL:
        fields = _object(frame[1:])
        do = fields.pop("do", None)
        if not isinstance(do, str):
            raise BadPeer("a control message does not say what it is")
        return Control(do, fields)
    head = 1 + _NUMBER
    if frame[:1] != _ITEM or not head < len(frame) <= head + 1 + PIECE:
        raise BadPeer("a frame of an unknown form")
    try:
        doing = Doing(frame[head])
    except ValueError:
        raise BadPeer(f"an item of an unknown kind: {frame[head]}") from None
    return Numbered(int.from_bytes(frame[1:head], "big"), doing, frame[head + 1 :])


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = strict_json.loads(data)
    except ValueError as error:
        raise BadPeer(f"a message that can't be read: {error}") from None
    if not isinstance(value, dict):
        raise BadPeer("a message that is no object")
    return value
