"""Deals of this miner that it never checked: a stranger has its key, or a journal is lost."""

from __future__ import annotations

import itertools

import pytest

from suanli.miner import core as m
from suanli.miner.core import Act, Core, CoreState, OnChain, Stage, validate_state
from suanli.protocol import State
from tests.harness.simulation import PRICE, SETTINGS, START, id_of, request, view

SEEN = request(salt=1)
ID = id_of(SEEN)
STATES = (State.NONE, State.CONFIRMED, State.SUBMITTED, State.SETTLED)


def on_chain(state: State) -> OnChain:
    return OnChain(state, state is not State.NONE, PRICE, START, 0)


@pytest.mark.parametrize("states", itertools.product(STATES, repeat=3))
def test_whatever_reorganizations_bring_it_is_not_confirmed_or_run(states) -> None:
    core, now = Core(CoreState(SETTINGS)), START
    asked: list[m.Instruction] = core.step(m.RequestSeen(now, ID, SEEN, b"", False))
    for state in states:
        asked += core.step(m.ChainRead(now, view(), {ID: on_chain(state)}))
        validate_state(core.state)
        now += 200_000
        asked += core.step(m.TimePassed(now))
        validate_state(core.state)
    assert not [a for a in asked if isinstance(a, m.RunTask)]
    assert not [a for a in asked if isinstance(a, m.Send) and a.act is Act.CONFIRM]


def test_it_is_released_while_that_is_possible() -> None:
    core = Core(CoreState(SETTINGS))
    core.step(m.RequestSeen(START, ID, SEEN, b"", False))
    chain = OnChain(State.CONFIRMED, True, PRICE, START + 100, 0)
    asked = core.step(m.ChainRead(START, view(), {ID: chain}))
    assert core.state.deals[ID].stage is Stage.RELEASING
    assert [a.act for a in asked if isinstance(a, m.Send)] == [Act.RELEASE]
