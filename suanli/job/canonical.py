"""The one byte form of a record: JSON with sorted keys, no spaces, ASCII, integers only."""

import json
from typing import Any


def encode(value: Any) -> bytes:
    """Canonical bytes of `value`: null, booleans, integers, text, lists and text-keyed mappings.

    Raises:
        ValueError: for floats and text that is not Unicode.
    """
    _check(value)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.encode("ascii")


def decode(data: bytes, limit: int) -> Any:
    """The value of canonical bytes.

    Raises:
        ValueError: longer than `limit` bytes, not JSON, or not the canonical form of its value.
    """
    if len(data) > limit:
        raise ValueError(f"{len(data)} bytes are above the limit of {limit}")
    try:
        value = json.loads(data.decode("ascii"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if encode(value) != data:
        raise ValueError("not in canonical form")
    return value


def _check(value: Any) -> None:
    if isinstance(value, float):
        raise ValueError("fractions have no canonical form")
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, list):
        for item in value:
            _check(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check(key)
            _check(item)
