import mmap
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.schedule import ScheduleError, split_count, split_records


@given(st.integers(0, 10_000), st.integers(1, 500))
def test_counts_are_covered_once_and_evenly(total, parts):
    spans = split_count(total, parts)
    assert [i for a, b in spans for i in range(a, b)] == list(range(total))
    assert len(spans) == min(total, parts)
    lengths = [b - a for a, b in spans]
    assert max(lengths, default=0) - min(lengths, default=0) <= 1


@pytest.mark.parametrize(("total", "parts"), [(-1, 1), (5, 0), (5, -2)])
def test_refuses_counts_that_make_no_sense(total, parts):
    with pytest.raises(ScheduleError, match="can't be split"):
        split_count(total, parts)


texts = st.lists(st.binary(max_size=12).map(lambda b: b.replace(b"\n", b"")), max_size=40).map(
    lambda lines: b"\n".join(lines)
)


@given(texts, st.integers(1, 12))
def test_no_line_is_cut(data, parts):
    spans = split_records(data, parts)
    assert b"".join(data[a:b] for a, b in spans) == data
    assert len(spans) <= parts
    assert all(data[b - 1 : b] == b"\n" for _, b in spans[:-1])


@given(st.integers(1, 12), st.integers(1, 30), st.integers(1, 40))
def test_parts_differ_by_a_record_at_most(parts, length, count):
    data = (b"x" * (length - 1) + b"\n") * count
    lengths = [b - a for a, b in split_records(data, parts)]
    assert sum(lengths) == len(data)
    assert all(abs(size - len(data) / parts) < 2 * length for size in lengths[:-1])
    if count >= parts and count % parts == 0:
        assert lengths == [len(data) // parts] * parts


fasta = st.lists(
    st.tuples(st.sampled_from([b"a", b"seq > 2"]), st.text("ACGT\n", max_size=30)),
    min_size=1,
    max_size=15,
).map(lambda rows: b"".join(b">" + n + b"\n" + s.encode() + b"\n" for n, s in rows))


@given(fasta, st.integers(1, 8))
def test_a_record_may_begin_with_a_mark(data, parts):
    spans = split_records(data, parts, start=b">")
    assert b"".join(data[a:b] for a, b in spans) == data
    assert all(data[a : a + 1] == b">" for a, _ in spans)
    assert all(data[a - 1 : a] == b"\n" for a, _ in spans[1:])


def test_an_end_may_have_several_bytes_and_straddle_a_cut():
    assert split_records(b"aa\r\nbb\r\n", 2, end=b"\r\n") == [(0, 4), (4, 8)]
    assert split_records(b"aaa\r\nb", 2, end=b"\r\n") == [(0, 5), (5, 6)]
    assert split_records(b"no end at all", 3) == [(0, 13)]
    assert split_records(b"", 3) == []
    with pytest.raises(ScheduleError, match="must end"):
        split_records(b"abc", 2, end=b"")


def test_mapped_files_are_split_like_bytes():
    data = b"".join(b"line %d\n" % n for n in range(1000))
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            assert split_records(mapped, 7) == split_records(data, 7)
