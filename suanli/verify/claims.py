"""Claims that miners leave beside the blobs, where the store is a folder."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from suanli.base import strict_json
from suanli.protocol import Claim, Domain, InvalidMessage, signed_from_json, verify
from suanli.store import open_regular

CLAIMS = "claims"
"""The folder, inside the store's."""
MAX_CLAIM = 64 << 10
"""Bytes of a signed claim."""


def left_claim(folder: Path, request: bytes, domain: Domain) -> Claim | None:
    """Of the request with this id, if a genuine one is there; by whichever miner."""
    with suppress(OSError, ValueError, InvalidMessage):
        # Miners write there: what they leave may be no file, or have no end.
        with open_regular(folder / f"0x{request.hex()}.json") as file:
            signed = signed_from_json(Claim, strict_json.loads(file.read(MAX_CLAIM)))
        if signed.message.request == request and verify(domain, signed):
            return signed.message
    return None
