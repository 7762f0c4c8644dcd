from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.schedule import ScheduleError, concatenate, sum_by_key


@given(st.lists(st.binary(max_size=20)))
def test_concatenation_keeps_order(parts):
    assert b"".join(concatenate([part] for part in parts)) == b"".join(parts)


keys = st.binary(max_size=4).filter(lambda key: b"\n" not in key)
tables = st.lists(st.tuples(keys, st.integers(-(10**30), 10**30)), max_size=20)


def write(rows):
    return b"".join(b"%s\t%d\n" % row for row in rows)


@given(st.lists(tables, max_size=6), st.randoms())
def test_sums_are_those_of_all_lines_in_any_order(parts, random):
    expected = Counter()
    for rows in parts:
        for key, value in rows:
            expected[key] += value
    total = sum_by_key(map(write, parts))
    assert total == write(sorted(expected.items()))
    shuffled = [random.sample(rows, len(rows)) for rows in random.sample(parts, len(parts))]
    assert sum_by_key(map(write, shuffled)) == total


@given(st.lists(tables, max_size=6), st.integers(0, 6))
def test_sums_of_sums_are_the_sum(parts, cut):
    parts = list(map(write, parts))
    assert sum_by_key([sum_by_key(parts[:cut]), sum_by_key(parts[cut:])]) == sum_by_key(parts)


def test_a_key_may_hold_tabs_and_the_last_line_may_be_open():
    assert sum_by_key([b"a\tb\t1\n", b"a\tb\t2"]) == b"a\tb\t3\n"
    assert sum_by_key([]) == b""


@pytest.mark.parametrize(
    "line",
    [
        b"word",
        b"word 3",
        b"word\t",
        b"word\t3.5",
        b"w\t+3",
        b"w\t--3",
        b"w\t3\r",
        b"\t" + b"9" * 1001,
    ],
)
def test_names_part_and_line_that_can_not_be_summed(line):
    with pytest.raises(ScheduleError, match="part 1, line 2: not"):
        sum_by_key([b"a\t1\n", b"a\t1\n" + line + b"\n"])
