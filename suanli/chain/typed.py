"""Values of the ABI as the typed classes that hold them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import fields, is_dataclass
from enum import IntEnum
from functools import cache
from typing import Any, TypeVar, get_type_hints

T = TypeVar("T")


def record_of(kind: Callable[..., T], values: Sequence[Any]) -> T:
    """A class with these fields, in order; structs and enums within become theirs.

    Raises:
        ValueError: an enum has no such member.
    """
    return kind(*(_typed(hint, value) for hint, value in zip(_hints(kind), values, strict=True)))


def _typed(hint: Any, value: Any) -> Any:
    if not isinstance(hint, type) or isinstance(value, hint):
        return value
    if issubclass(hint, IntEnum):
        return hint(value)
    return record_of(hint, value) if isinstance(value, tuple) else value


@cache
def _hints(kind: Hashable) -> tuple[Any, ...]:
    hints = get_type_hints(kind)
    return tuple(hints[name] for name in _names(kind))


def _names(kind: Any) -> Sequence[str]:
    return [field.name for field in fields(kind)] if is_dataclass(kind) else kind._fields
