"""JSON from outside, which can be read in one way only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from suanli.base.text import plain

_MOST_NAME = 80
"""Characters of a name that are told."""
_MOST_DIGITS = 20
"""No number that is a number here has more."""


def loads(data: bytes) -> Any:
    """What these bytes say: objects that name nothing twice, whole numbers, text in Unicode.

    Raises:
        ValueError: they say nothing of the kind; with the reason, in one line.
    """
    try:
        text = data.decode()
        value = _DECODER.decode(text)
        if "\\u" in text:  # half of a pair may be written so, and is no text
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except UnicodeError:
        raise ValueError("not text in UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON: {error}") from None
    return value


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for name, value in pairs:
        if name in read:
            raise ValueError(f"{plain(name[:_MOST_NAME])} stands twice in one object")
        read[name] = value
    return read


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError("a number has too many digits")
    return int(digits)


def _refused(text: str) -> Any:
    raise ValueError("numbers must be whole")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_whole,
    parse_float=_refused,
    parse_constant=_refused,
)
