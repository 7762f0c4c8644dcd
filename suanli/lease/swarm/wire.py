"""Messages of a swarm: a JSON header with byte strings, in as many frames as they need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from suanli.engine.wire import HEAD, BadFrame, Message, pack, unpack
from suanli.lease.errors import BadPeer
from suanli.lease.wire import MOST_FRAME, Secure

_PIECE = MOST_FRAME - 64
_MORE, _LAST = b"+", b"."


async def send(secure: Secure, do: str, blobs: Sequence[bytes] = (), **fields: Any) -> None:
    """One at a time for each connection. Raises LinkLost."""
    whole = memoryview(b"".join(pack({**fields, "do": do}, blobs)))
    for start in range(0, len(whole), _PIECE):
        last = start + _PIECE >= len(whole)
        piece = whole[start : start + _PIECE]
        await secure.send((_LAST if last else _MORE) + piece)


class ByteCount(Protocol):
    """Where bytes are counted that are kept meanwhile."""

    def take(self, size: int) -> None:
        """Raises BadPeer."""

    def give(self, size: int) -> None: ...


async def receive(
    secure: Secure, most: int, space: ByteCount | None = None
) -> tuple[str, dict[str, Any], list[bytes]]:
    """The next message, of `most` bytes. Raises LinkLost, BadPeer."""
    whole = bytearray()
    try:
        while True:
            frame = await secure.receive()
            if space is not None:
                space.take(len(frame) - 1)
            whole += frame[1:]
            if len(whole) > most:
                raise BadPeer(f"a message of more than {most:,} bytes")
            if frame[:1] == _LAST:
                break
            if frame[:1] != _MORE:
                raise BadPeer("a frame of an unknown form")
    finally:
        if space is not None:
            space.give(len(whole))
    header, blobs = _read(bytes(whole))
    do = header.pop("do", None)
    if not isinstance(do, str):
        raise BadPeer("a message does not say what it is")
    return do, header, blobs


def _read(whole: bytes) -> Message:
    if len(whole) < HEAD.size:
        raise BadPeer("a message that is too short")
    length, _ = HEAD.unpack_from(whole)
    end = HEAD.size + length
    try:
        return unpack(whole[HEAD.size : end], memoryview(whole)[end:])
    except BadFrame as error:
        raise BadPeer(f"a message that can't be read: {error}") from None
