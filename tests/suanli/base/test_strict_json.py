"""JSON that could be read in two ways is not read at all."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.base import strict_json

texts = st.text(st.characters(codec="utf-8"))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**19), 10**19) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(values, st.booleans())
def test_what_was_written_is_read(value: object, ascii_only: bool) -> None:
    assert strict_json.loads(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"{} {}", "no JSON"),
        (b"\xef\xbb\xbf{}", "no JSON"),
        ('{"a": 1}'.encode("utf-16"), "not text in UTF-8"),
        (b'"\xff"', "not text in UTF-8"),
        (b'"\\ud800"', "not text in UTF-8"),
        (b'{"\\udc00": 1}', "not text in UTF-8"),
        (b'{"a": 1, "b": {"c": 1, "c": 1}}', "c stands twice in one object"),
        (b'{"a": 1, "\\u0061": 2}', "a stands twice in one object"),
        (b'{"\\u001b": 1, "\\u001b": 2}', r"\\x1b stands twice in one object"),
        (b"1.0", "numbers must be whole"),
        (b"1e3", "numbers must be whole"),
        (b"NaN", "numbers must be whole"),
        (b"-Infinity", "numbers must be whole"),
        (b"9" * 21, "a number has too many digits"),
        (b"9" * 100_000, "a number has too many digits"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
    ],
)
def test_what_could_be_read_in_two_ways(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        strict_json.loads(data)
    assert "\n" not in str(caught.value)
