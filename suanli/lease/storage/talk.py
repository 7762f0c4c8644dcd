"""The messages about bytes kept: control messages of the wire, and the bytes themselves, as they
come in a session's frames. docs/leases.md says who sends which."""

from __future__ import annotations

import asyncio
from typing import Any

from suanli.lease.errors import BadPeer, LinkLost, LinkRefused
from suanli.lease.wire import Control, Secure, read
from suanli.protocol import LeafProof

PATIENCE = 30.0
"""Seconds for the other side's next message."""
MOST_LEAVES = 16
"""Asked for at a time."""
_DATA = b"b"


async def send_bytes(secure: Secure, data: bytes) -> None:
    """Raises LinkLost."""
    async with asyncio.timeout(PATIENCE):
        await secure.send(_DATA + data)


async def receive(secure: Secure, patience: float = PATIENCE) -> Control | bytes:
    """Raises LinkLost, BadPeer."""
    try:
        async with asyncio.timeout(patience):
            frame = await secure.receive()
    except TimeoutError:
        raise LinkLost("the other side says nothing") from None
    if frame[:1] == _DATA:
        return frame[1:]
    found = read(frame)
    if isinstance(found, Control):
        return found
    raise BadPeer("an item of a session where bytes are kept")


async def answer(secure: Secure, do: str, patience: float = PATIENCE) -> dict[str, Any]:
    """The fields of the next message. Raises LinkLost, LinkRefused, BadPeer."""
    found = await receive(secure, patience)
    if isinstance(found, Control) and found.do == "refused":
        raise LinkRefused(str(found.fields.get("why"))[:500])
    if not isinstance(found, Control) or found.do != do:
        raise BadPeer(f"something else than {do!r} came")
    return found.fields


def whole(fields: dict[str, Any], name: str) -> int:
    """Raises BadPeer."""
    value = fields.get(name)
    if type(value) is not int or value < 0:
        raise BadPeer(f"no {name} where one must be")
    return value


def proof_to_json(proof: LeafProof) -> dict[str, Any]:
    return {"data": proof.data.hex(), "path": [one.hex() for one in proof.path]}


def proof_from_json(value: Any) -> LeafProof:
    """Raises BadPeer."""
    try:
        path = tuple(map(bytes.fromhex, value["path"]))
        return LeafProof(bytes.fromhex(value["data"]), path)
    except (TypeError, KeyError, ValueError):
        raise BadPeer("this is no proof of a leaf") from None
