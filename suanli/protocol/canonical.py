"""The one byte form of a record: JSON with sorted keys, no spaces, ASCII, integers only."""

import json
from typing import Any

MAX_DEPTH = 32
"""Lists and mappings inside each other. No record here has more than six; without a bound a
stranger's bytes could use up the stack of whoever reads them."""


def encode(value: Any) -> bytes:
    """Canonical bytes of `value`: null, booleans, integers, text, lists and text-keyed mappings.

    Raises:
        ValueError: for floats, text that is not Unicode, and more than `MAX_DEPTH` levels.
    """
    _check(value, MAX_DEPTH)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.encode("ascii")


def decode(data: bytes, limit: int) -> Any:
    """The value of canonical bytes.

    Raises:
        ValueError: longer than `limit` bytes, nested more than `MAX_DEPTH` levels, not JSON, or not
            the canonical form of its value.
    """
    if len(data) > limit:
        raise ValueError(f"{len(data)} bytes are above the limit of {limit}")
    try:
        value = json.loads(data.decode("ascii"))
        form = encode(value)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if form != data:
        raise ValueError("not in canonical form")
    return value


def _check(value: Any, levels: int) -> None:
    if isinstance(value, float):
        raise ValueError("fractions have no canonical form")
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, list | dict):
        if levels == 0:
            raise ValueError(_TOO_DEEP)
        for item in value:
            _check(item, levels - 1)
        if isinstance(value, dict):
            for item in value.values():
                _check(item, levels - 1)


_TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep"
