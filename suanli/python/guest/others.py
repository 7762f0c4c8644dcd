"""Plain data of the standard library's classes, and what can be wrong with values."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_FRACTION_BITS = 1 << 16


class NotPlain(TypeError):
    """A value that can't travel; `path` is where in it, such as "[2]['name']"."""

    def __init__(self, what: str, path: str = "") -> None:
        self.what, self.path = what, path
        super().__init__(f"{path}: {what}" if path else what)


class BadBytes(ValueError):
    """Bytes that no encoder makes."""


def name_of(kind: type) -> str:
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )


def a_kind(kind: type) -> str:
    name = name_of(kind)
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def _numbers(value: Any, least: int, most: int) -> tuple[int, ...]:
    if type(value) is not tuple or not least <= len(value) <= most:
        raise BadBytes("other parts than it has")
    if any(type(part) is not int for part in value):
        raise BadBytes("its parts are whole numbers")
    return value


def _zone(zone: Any) -> Any:
    from datetime import timezone

    if zone is None:
        return None
    if type(zone) is not timezone:
        raise NotPlain(f"{a_kind(type(zone))} is no plain data; use timezone.utc")
    return zone.utcoffset(None)


def _from_zone(offset: Any) -> Any:
    from datetime import timedelta, timezone

    if offset is None:
        return None
    if type(offset) is not timedelta:
        raise BadBytes("a time zone is an offset")
    return timezone(offset)


def _time_parts(value: Any) -> tuple[int, ...]:
    return (value.hour, value.minute, value.second, value.microsecond)


def _put_datetime(value: Any) -> tuple[Any, ...]:
    numbers = (value.year, value.month, value.day, *_time_parts(value), value.fold)
    return (numbers, _zone(value.tzinfo))


def _get_datetime(value: Any) -> Any:
    from datetime import datetime

    numbers, offset = value
    *parts, fold = _numbers(numbers, 8, 8)
    return datetime(*parts, tzinfo=_from_zone(offset), fold=fold)  # type: ignore[arg-type,misc]


def _get_date(value: Any) -> Any:
    from datetime import date

    return date(*_numbers(value, 3, 3))


def _get_time(value: Any) -> Any:
    from datetime import time

    numbers, offset = value
    *parts, fold = _numbers(numbers, 5, 5)
    return time(*parts, tzinfo=_from_zone(offset), fold=fold)  # type: ignore[arg-type,misc]


def _get_timedelta(value: Any) -> Any:
    from datetime import timedelta

    return timedelta(*_numbers(value, 3, 3))


def _get_decimal(value: Any) -> Any:
    from decimal import Decimal

    if type(value) is not str:
        raise BadBytes("a Decimal is text")
    return Decimal(value)


def _get_fraction(value: Any) -> Any:
    from fractions import Fraction

    above, below = _numbers(value, 2, 2)
    if above.bit_length() > _FRACTION_BITS or below.bit_length() > _FRACTION_BITS:
        raise BadBytes("a Fraction of more digits than can travel")
    return Fraction(above, below)


def _put_fraction(value: Any) -> tuple[int, int]:
    both = (value.numerator, value.denominator)
    if any(part.bit_length() > _FRACTION_BITS for part in both):
        raise NotPlain(f"a Fraction of more than {_FRACTION_BITS} bits can't travel")
    return both


def _get_counter(value: Any) -> Any:
    from collections import Counter

    if type(value) is not dict:
        raise BadBytes("a Counter is a dict")
    return Counter(value)


def _get_ordered(value: Any) -> Any:
    from collections import OrderedDict

    if type(value) is not dict:
        raise BadBytes("an OrderedDict is a dict")
    return OrderedDict(value)


def _get_deque(value: Any) -> Any:
    from collections import deque

    items, longest = value
    if type(items) is not list or not (longest is None or type(longest) is int):
        raise BadBytes("a deque is a list")
    return deque(items, longest)


OTHERS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "range": (lambda v: (v.start, v.stop, v.step), lambda v: range(*_numbers(v, 3, 3))),
    "datetime.datetime": (_put_datetime, _get_datetime),
    "datetime.date": (lambda v: (v.year, v.month, v.day), _get_date),
    "datetime.time": (lambda v: ((*_time_parts(v), v.fold), _zone(v.tzinfo)), _get_time),
    "datetime.timedelta": (lambda v: (v.days, v.seconds, v.microseconds), _get_timedelta),
    "datetime.timezone": (_zone, _from_zone),
    "decimal.Decimal": (str, _get_decimal),
    "fractions.Fraction": (_put_fraction, _get_fraction),
    "collections.Counter": (dict, _get_counter),
    "collections.OrderedDict": (dict, _get_ordered),
    "collections.deque": (lambda v: (list(v), v.maxlen), _get_deque),
}
