"""Plain data as bytes and back, on both sides of the sandbox. docs/python.md says what is plain.

Whoever decodes trusts nobody: each tag names a fixed kind, what is said to follow is there, and
what it makes is bounded by the bytes that came. Nothing is looked up by a name that came, nothing
is called but the constructors below. It imports little, since it starts with every task.
"""

from __future__ import annotations

import struct
import sys

from suanli.python.guest.others import OTHERS, BadBytes, NotPlain, a_kind, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Loading them takes longer than all of this.
    from collections.abc import Callable, Iterable
    from typing import Any

DEEPEST = 100
"""Of containers in one another."""
LARGEST = 2**32 - 1
"""Bytes or items of one value."""
_ALIKE = 1000
"""Keys of one hash: more of them are an attack, which would take time by their square."""
_NUMBER = struct.Struct("<q")
_FLOAT = struct.Struct("<d")
_COMPLEX = struct.Struct("<dd")
_SIZE = struct.Struct("<I")
_KINDS = "biufcmMSU"
"""Of numpy's types: those that hold no references."""


def encode(value: Any) -> bytes:
    """Raises NotPlain."""
    out: list[bytes] = []
    _put(value, out, 0)
    return b"".join(out)


def decode(data: bytes) -> Any:
    """Raises BadBytes, whatever the bytes; and ImportError for arrays where there is no numpy."""
    reader = _Reader(data)
    try:
        value = reader.value(0)
    except (BadBytes, ImportError):
        raise
    except Exception as error:
        # Constructors refuse what is out of range in many ways.
        raise BadBytes(f"{type(error).__name__}: {error}") from None
    if reader.at != len(data):
        raise BadBytes("something follows the value")
    return value


def _put(value: Any, out: list[bytes], depth: int) -> None:
    kind = type(value)
    if kind in _SIMPLE:
        out.append(_SIMPLE[kind](value))
    elif kind in _MANY:
        if depth >= DEEPEST:
            raise NotPlain(f"it is deeper than {DEEPEST} levels, or contains itself")
        _put_many(kind, value, out, depth + 1)
    elif "numpy" in sys.modules and isinstance(
        value, (sys.modules["numpy"].ndarray, sys.modules["numpy"].generic)
    ):
        _put_array(value, out)
    else:
        _put_other(kind, value, out, depth)


def _put_many(kind: type, value: Any, out: list[bytes], depth: int) -> None:
    if kind is list and len(value) > 1 and (column := _column(value)):
        out.append(column)
        return
    out.append(_MANY[kind] + _size(len(value)))
    if kind is dict:
        for key, item in value.items():
            _put_at("key ", key, key, out, depth)
            _put_at("", key, item, out, depth)
    else:
        for number, item in enumerate(value):
            _put_at("", number, item, out, depth)


def _put_at(what: str, where: Any, item: Any, out: list[bytes], depth: int) -> None:
    try:
        _put(item, out, depth)
    except NotPlain as error:
        shown = repr(where) if type(where) in (int, str) else "…"
        raise NotPlain(error.what, f"[{what}{shown}]{error.path}") from None


def _column(value: list[Any]) -> bytes:
    """Floats or integers alone, at once; empty if it is anything else."""
    kinds = set(map(type, value))
    if kinds == {float}:
        return b"D" + _size(len(value)) + struct.pack(f"<{len(value)}d", *value)
    if kinds == {int}:
        try:
            return b"Q" + _size(len(value)) + struct.pack(f"<{len(value)}q", *value)
        except struct.error:
            return b""
    return b""


def _put_array(value: Any, out: list[bytes]) -> None:
    numpy = sys.modules["numpy"]
    scalar = isinstance(value, numpy.generic)
    if not scalar and type(value) is not numpy.ndarray:
        raise NotPlain(f"{name_of(type(value))} is another array than numpy's own")
    if value.dtype.kind not in _KINDS or not value.dtype.itemsize:
        raise NotPlain(f"an array of {value.dtype} holds more than numbers and text")
    out.append(b"n" if scalar else b"a")
    _put(value.dtype.str, out, 0)
    if not scalar:
        _put(tuple(value.shape), out, 0)
    out.append(_bytes(value.tobytes()))


def _put_other(kind: type, value: Any, out: list[bytes], depth: int) -> None:
    name = name_of(kind)
    if name not in OTHERS:
        raise NotPlain(f"{a_kind(kind)} is no plain data")
    if depth >= DEEPEST:
        raise NotPlain(f"it is deeper than {DEEPEST} levels, or contains itself")
    out.append(b"o")
    _put(name, out, 0)
    _put(OTHERS[name][0](value), out, depth + 1)


def _size(size: int) -> bytes:
    if size > LARGEST:
        raise NotPlain(f"it has {size} bytes or items, {LARGEST} at most can travel")
    return _SIZE.pack(size)


def _bytes(value: bytes | bytearray) -> bytes:
    return _size(len(value)) + value


def _integer(value: int) -> bytes:
    if -(2**63) <= value < 2**63:
        return b"i" + _NUMBER.pack(value)
    return b"I" + _bytes(value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True))


_SIMPLE: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"N",
    bool: lambda value: b"T" if value else b"F",
    int: _integer,
    float: lambda value: b"f" + _FLOAT.pack(value),
    complex: lambda value: b"c" + _COMPLEX.pack(value.real, value.imag),
    str: lambda value: b"s" + _bytes(value.encode("utf-8", "surrogatepass")),
    bytes: lambda value: b"b" + _bytes(value),
    bytearray: lambda value: b"B" + _bytes(value),
}
_MANY: dict[type, bytes] = {tuple: b"t", list: b"l", dict: b"d", set: b"S", frozenset: b"z"}


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def value(self, depth: int) -> Any:
        tag = self.take(1)
        if tag in _READ:
            return _READ[tag](self)
        if depth > DEEPEST:
            raise BadBytes(f"deeper than {DEEPEST} levels")
        if tag == b"o":
            return self.other(depth + 1)
        if tag not in _HOLDERS:
            raise BadBytes(f"there is no kind {tag!r}")
        return _HOLDERS[tag](self.items(tag == b"d", depth + 1))

    def items(self, pairs: bool, depth: int) -> list[Any]:
        count = self.size(2 if pairs else 1)
        if not pairs:
            return [self.value(depth) for _ in range(count)]
        return [(self.value(depth), self.value(depth)) for _ in range(count)]

    def other(self, depth: int) -> Any:
        name = self.value(depth)
        if type(name) is not str or name not in OTHERS:
            raise BadBytes(f"there is no kind {name!r}")
        return OTHERS[name][1](self.value(depth))

    def take(self, size: int) -> bytes:
        found = self.data[self.at : self.at + size]
        if len(found) < size:
            raise BadBytes("it ends too early")
        self.at += size
        return found

    def size(self, each: int) -> int:
        """How many follow, of so many bytes at least: what is not there makes no room."""
        (count,) = _SIZE.unpack(self.take(4))
        if count * each > len(self.data) - self.at:
            raise BadBytes("it ends too early")
        return int(count)

    def bytes(self) -> bytes:
        return self.take(self.size(1))

    def column(self, letter: str) -> list[Any]:
        count = self.size(8)
        return list(struct.unpack(f"<{count}{letter}", self.take(8 * count)))

    def array(self, scalar: bool) -> Any:
        numpy = __import__("numpy")
        name = self.value(DEEPEST)
        if type(name) is not str or len(name) > 20 or name[1:2] not in _KINDS:
            raise BadBytes(f"there is no array of {name!r}")
        dtype = numpy.dtype(name)
        shape = () if scalar else self.value(DEEPEST)
        if type(shape) is not tuple or any(type(n) is not int or n < 0 for n in shape):
            raise BadBytes("a shape is of whole numbers")
        data = self.bytes()
        wanted = dtype.itemsize
        for number in shape:
            wanted *= number
        if not dtype.itemsize or dtype.hasobject or wanted != len(data):
            raise BadBytes("an array of other bytes than its shape has")
        found = numpy.frombuffer(data, dtype).reshape(shape) if data else numpy.empty(shape, dtype)
        return found[()] if scalar else found.copy()


def _text(reader: _Reader) -> str:
    return reader.bytes().decode("utf-8", "surrogatepass")


_READ: dict[bytes, Callable[[_Reader], Any]] = {
    b"N": lambda reader: None,
    b"T": lambda reader: True,
    b"F": lambda reader: False,
    b"i": lambda reader: _NUMBER.unpack(reader.take(8))[0],
    b"I": lambda reader: int.from_bytes(reader.bytes(), "little", signed=True),
    b"f": lambda reader: _FLOAT.unpack(reader.take(8))[0],
    b"c": lambda reader: complex(*_COMPLEX.unpack(reader.take(16))),
    b"s": _text,
    b"b": lambda reader: reader.bytes(),
    b"B": lambda reader: bytearray(reader.bytes()),
    b"D": lambda reader: reader.column("d"),
    b"Q": lambda reader: reader.column("q"),
    b"a": lambda reader: reader.array(scalar=False),
    b"n": lambda reader: reader.array(scalar=True),
}


def _spread(keys: Iterable[Any]) -> None:
    """Raises BadBytes for keys that were chosen to collide."""
    hashes = [hash(key) for key in keys]
    if len(hashes) - len(set(hashes)) > _ALIKE:
        raise BadBytes("too many keys of the same hash")


def _dict(items: list[Any]) -> dict[Any, Any]:
    _spread(key for key, _ in items)
    return dict(items)


def _set(items: list[Any]) -> set[Any]:
    _spread(items)
    return set(items)


_HOLDERS: dict[bytes, Callable[[list[Any]], Any]] = {
    b"t": tuple,
    b"l": list,
    b"d": _dict,
    b"S": _set,
    b"z": lambda items: frozenset(_set(items)),
}
