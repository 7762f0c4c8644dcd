"""A signed message that one person gives another: as JSON, in a file or on standard input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple, TypeVar

from suanli.base import strict_json
from suanli.client import ClientError
from suanli.protocol import InvalidMessage, Signed, signed_from_json

M = TypeVar("M", bound=NamedTuple)
MOST_BYTES = 1 << 16
"""Of a signed message: far more than one has."""


def read_signed(kind: type[M], file: str, what: str) -> Signed[M]:
    """From a file, or - for standard input; `what` it should hold.

    Raises:
        ClientError: it can't be read, or holds something else.
    """
    try:
        if file == "-":
            data = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with Path(file).open("rb") as stream:
                data = stream.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ValueError("too long")
        return signed_from_json(kind, strict_json.loads(data))
    except OSError as error:
        raise ClientError(f"{file} can't be read: {error.strerror}") from None
    except (ValueError, InvalidMessage) as error:
        raise ClientError(f"{file} holds no {what}: {error}") from None
