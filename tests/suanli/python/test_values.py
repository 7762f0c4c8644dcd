"""Plain data as bytes: whole, the same there and back, and harmless whoever wrote the bytes."""

import collections
import contextlib
import datetime
import decimal
import fractions
import pickle
import struct
import tracemalloc

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.python.guest.others import BadBytes, NotPlain
from suanli.python.guest.values import decode, encode

UTC = datetime.UTC
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.complex_numbers()
    | st.text()
    | st.binary()
    | st.datetimes(timezones=st.none() | st.just(UTC))
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.decimals()
    | st.fractions()
    | st.builds(range, st.integers(), st.integers(), st.integers(1))
)
KEYS = st.integers() | st.text() | st.binary() | st.tuples(st.integers(), st.text())
PLAIN = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(KEYS, inner)
        | st.sets(KEYS)
        | st.frozensets(KEYS)
        | st.lists(inner).map(collections.deque)
        | st.dictionaries(KEYS, inner).map(collections.OrderedDict)
        | st.binary().map(bytearray)
    ),
    max_leaves=20,
)


def shown(value):
    """What tells classes, order and signs of zeros; NaN is not itself, and sets have no order."""
    if isinstance(value, dict):
        return type(value), [(shown(key), shown(item)) for key, item in value.items()]
    if isinstance(value, set | frozenset):
        return type(value), sorted(map(repr, map(shown, value)))
    if isinstance(value, list | tuple | collections.deque):
        return type(value), [shown(item) for item in value]
    return type(value), repr(value)


@given(PLAIN)
def test_there_and_back(value):
    assert shown(decode(encode(value))) == shown(value)


@pytest.mark.parametrize(
    "value",
    [
        [1.5] * 1000,
        list(range(-500, 500)),
        [2**63],
        [True, 1],
        [1, 2.0],
        collections.Counter("abca"),
        collections.deque([1], 3),
        datetime.datetime(
            2026, 1, 2, fold=1, tzinfo=datetime.timezone(datetime.timedelta(hours=2))
        ),
    ],
)
def test_others(value):
    found = decode(encode(value))
    assert (type(found), repr(found)) == (type(value), repr(value))


@pytest.mark.parametrize(
    "array",
    [
        numpy.arange(12.0).reshape(3, 4),
        numpy.arange(12, dtype=">i2").reshape(3, 4).T,
        numpy.zeros((3, 0, 2)),
        numpy.array(7),
        numpy.array([True, False]),
        numpy.array(["a", "bcd"]),
        numpy.array(["2026-01-02"], dtype="datetime64[D]"),
        numpy.array([1 + 2j], dtype=numpy.complex64),
    ],
    ids=str,
)
def test_arrays(array):
    found = decode(encode([array, 1]))[0]
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert (found == array).all()
    assert found.flags.writeable


def test_scalars_of_numpy():
    for value in (numpy.float64(0.1), numpy.int8(-3), numpy.bool_(True), numpy.str_("ab")):
        found = decode(encode(value))
        assert (type(found), found) == (type(value), value)


class Sub(int):
    pass


Point = collections.namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (object(), "an object is no plain data"),
        (Sub(3), "a test_values.Sub is no plain data"),
        ([{"a": (1, Point(1, 2))}], r"\[0\]\['a'\]\[1\]: a .*Point is no plain data"),
        ({Sub(1): 2}, r"\[key …\]: a .*Sub is no plain data"),
        (numpy.array([object()]), "an array of object holds more than numbers and text"),
        (numpy.ma.array([1]), "another array than numpy's own"),
        (numpy.zeros(1, dtype=[("a", "i4")]), "holds more than numbers and text"),
        (ValueError("x"), "a ValueError is no plain data"),
        (fractions.Fraction(1 << 70_000, 3), "more than 65536 bits"),
        (collections.defaultdict(list), "a collections.defaultdict is no plain data"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_plain(value, why):
    why = why.replace("test_values", __name__)
    with pytest.raises(NotPlain, match=why):
        encode(value)


def test_what_contains_itself():
    circle: list = []
    circle.append(circle)
    with pytest.raises(NotPlain, match="deeper than 100 levels, or contains itself"):
        encode(circle)


@given(PLAIN, st.data())
def test_bytes_that_were_changed(value, data):
    """Something plain, or BadBytes: nothing else."""
    whole = bytearray(encode(value))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BadBytes, NotPlain):
        encode(decode(bytes(whole)))


@given(st.binary(max_size=200))
def test_any_bytes(data):
    with contextlib.suppress(BadBytes):
        decode(data)


SIZE = struct.Struct("<I").pack


def text(value: str) -> bytes:
    return b"s" + SIZE(len(value)) + value.encode()


HOSTILE = {
    "nothing": b"",
    "pickle": pickle.dumps([1, 2]),
    "code in pickle": b"cos\nsystem\n(S'true'\ntR.",
    "another kind": b"x",
    "a list that is not there": b"l" + SIZE(2**32 - 1),
    "a dict that is not there": b"d" + SIZE(2**31),
    "floats that are not there": b"D" + SIZE(2**32 - 1),
    "text that is not there": b"s" + SIZE(2**32 - 1) + b"a",
    "a deep one": b"l\1\0\0\0" * 100_000 + b"N",
    "deep others": (b"o" + text("collections.deque") + b"t\2\0\0\0l\1\0\0\0") * 200 + b"N",
    "a key that can't be one": b"d" + SIZE(1) + b"l" + SIZE(0) + b"N",
    "one of a name": b"o" + text("os.system") + text("true"),
    "one of a builtin": b"o" + text("eval") + text("1"),
    "one whose name is a list": b"o" + b"l" + SIZE(0) + b"N",
    "a huge range step": b"o" + text("range") + encode((0, 1, 0)),
    "a year too late": b"o" + text("datetime.date") + encode((10**9, 1, 1)),
    "an array of a shape too large": b"a" + text("<f8") + encode((2**40, 2**40)) + b"\0\0\0\0",
    "an array of objects": b"a" + text("|O8") + encode((1,)) + SIZE(8) + bytes(8),
    "an array by a comma": b"a" + text("f8,f8") + encode((1,)) + SIZE(16) + bytes(16),
    "an array of a negative shape": b"a" + text("<f8") + encode((-1, -1)) + SIZE(8) + bytes(8),
    "an array of no bytes each": b"a" + text("|S0") + encode((2**62,)) + SIZE(0),
    "an array of too many axes": b"a" + text("<i1") + encode((1,) * 99) + SIZE(1) + b"a",
    "more behind it": b"NN",
    "text that is none": b"s" + SIZE(1) + b"\xff",
    "a fraction of nothing": b"o" + text("fractions.Fraction") + encode((1, 0)),
    "a fraction as text": b"o" + text("fractions.Fraction") + text("1e1000000000"),
    "keys that collide": b"S" + SIZE(5000) + b"".join(encode(n * (2**61 - 1)) for n in range(5000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes(name):
    tracemalloc.start()
    try:
        with pytest.raises(BadBytes):
            decode(HOSTILE[name])
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 4 << 20


def test_numbers_as_text_stay_small():
    """A Decimal of a huge exponent is a small thing."""
    assert decode(encode(decimal.Decimal("1e999999"))) == decimal.Decimal("1e999999")
