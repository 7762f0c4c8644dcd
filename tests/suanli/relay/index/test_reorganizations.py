"""What a reorganization undoes is undone exactly: it is as if read from scratch."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from suanli.relay.server.index import indexer
from tests.harness.logs import Happenings, MadeUpChain
from tests.suanli.relay.index.conftest import Indexed, in_memory, indexed

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("mine"), st.integers(1, 12)),
        st.tuples(st.just("undo"), st.integers(1, 25)),
        st.tuples(st.just("read"), st.integers(1, 4)),
    ),
    min_size=3,
    max_size=14,
)


@settings(max_examples=8)
@given(steps=STEPS, seed=st.integers(0, 1 << 16), span=st.sampled_from([1, 3, 2_000]))
def test_after_any_reorganizations_it_is_as_from_scratch(
    steps: list[tuple[str, int]], seed: int, span: int
) -> None:
    _compare(steps, seed, span)


@pytest.mark.deep
@given(steps=STEPS, seed=st.integers(0, 1 << 16), span=st.sampled_from([1, 3, 2_000]))
def test_after_any_reorganizations_for_long(
    steps: list[tuple[str, int]], seed: int, span: int
) -> None:
    _compare(steps, seed, span)


def _compare(steps: list[tuple[str, int]], seed: int, span: int) -> None:
    chain = MadeUpChain()
    world = Happenings(chain, seed)
    followed = indexed(chain, in_memory(), span=span)
    for number, (act, count) in enumerate(steps):
        if act == "mine":
            world.happen(count)
        elif act == "undo":
            world.undo(min(count, len(chain.blocks) - 2), seed + number + 1)
            world.happen(1)
        else:
            for _ in range(count):
                followed.indexer.step()
    followed.read()
    assert followed.rows() == _from_scratch(chain).rows()


def test_a_reorganization_below_what_can_be_taken_back_is_read_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Far below the newest block nothing is kept to take it back by."""
    monkeypatch.setattr(indexer, "DEEP", 10)
    chain = MadeUpChain()
    world = Happenings(chain, 1)
    world.happen(60)
    followed = indexed(chain, in_memory(), span=7)
    followed.read()
    world.undo(40, 2)
    world.happen(45)
    followed.read()
    assert followed.rows() == _from_scratch(chain).rows()


def test_the_whole_chain_is_another() -> None:
    chain = MadeUpChain()
    world = Happenings(chain, 1)
    world.happen(30)
    followed = indexed(chain, in_memory(), span=1)
    followed.read()
    world.undo(len(chain.blocks) - 2, 2)
    world.happen(50)
    followed.read()
    assert followed.rows() == _from_scratch(chain).rows()


def test_it_is_counted_and_so_is_what_is_read_again() -> None:
    chain = MadeUpChain()
    world = Happenings(chain, 4)
    world.happen(20)
    followed = indexed(chain, in_memory())
    followed.read()
    first = followed.indexer.progress
    assert (first.events, first.reorganizations) == (len(followed.rows()["history"]), 0)
    world.undo(5, 2)
    world.happen(6)
    followed.read()
    again = followed.indexer.progress
    assert again.reorganizations == 1
    assert again.events > len(followed.rows()["history"])


def test_it_goes_on_where_it_was_closed(engine: Engine) -> None:
    chain = MadeUpChain()
    world = Happenings(chain, 3)
    world.happen(20)
    indexed(chain, engine, span=3).read()
    world.undo(4, 4)
    world.happen(20)
    again = indexed(chain, engine, span=3)
    assert again.indexer.progress.block == 22 - 1
    again.read()
    assert again.rows() == _from_scratch(chain).rows()


def test_times_are_asked_where_the_logs_do_not_tell_them() -> None:
    told, silent = MadeUpChain(), MadeUpChain(tells_times=False)
    for chain in (told, silent):
        Happenings(chain, 5).happen(20)
    first, second = indexed(told, in_memory()), indexed(silent, in_memory("second"))
    first.read()
    second.read()
    assert first.rows() == second.rows()
    with_events = sum(bool(block.logs) for block in silent.blocks)
    more = silent.asked.count("eth_getBlockByNumber") - told.asked.count("eth_getBlockByNumber")
    assert more == with_events


def _from_scratch(chain: MadeUpChain) -> Indexed:
    made = indexed(chain, in_memory("from scratch"))
    made.read()
    return made
