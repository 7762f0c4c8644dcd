"""Ways that the walk found, on the contracts: they end as on the model, for everybody."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from tests.contracts.Court import small
from tests.contracts.Court.alike import alike, together
from tests.contracts.Court.small import FIRST, JURORS, MINER, REQUESTER, SECOND, Town
from tests.contracts.Court.stage import again, staged
from tests.contracts.Court.walk import Filing, Play, Step, walk
from tests.harness.court_world import CourtWorld


def ends_alike(world: CourtWorld, town: Town, play: Play, end: Town, way: Sequence[Step]) -> None:
    with world.rollback():
        live = Town(world.shadow, world.model_court, town.request, town.wrong)
        for step in way:
            again(world, live, play, step)
        for person in (MINER, REQUESTER, FIRST, SECOND, small.SINK, *JURORS):
            assert live.net(person) == end.net(person), way


def bound(way: tuple[Step, ...]) -> list[Step]:
    """With each commitment to what is revealed later, if it is."""
    told: dict[tuple[Any, ...], str] = {}
    steps_: list[Step] = []
    for step in reversed(way):
        where = step.args[:2]
        if step.name == "reveal_vote":
            told[where] = step.told
        elif step.name == "commit_vote":
            step = step._replace(told=told.pop(where, step.told))
        steps_.append(step)
    return steps_[::-1]


HONEST = frozenset({FIRST, *JURORS[:2]})
FILED = Filing(FIRST, 0)
DISPUTED = Play(filings=(Filing(FIRST, 0, "wrong"),), votes=("right", "wrong"))


@pytest.mark.parametrize(
    ("play", "wrong", "sampled"),
    [
        (replace(DISPUTED, votes=("right",)), (), 8),
        (Play(HONEST, (FILED,), ("wrong", "nothing"), accepts=False), (0,), 8),
        pytest.param(DISPUTED, (), 200, marks=pytest.mark.deep),
        pytest.param(
            Play(HONEST, (FILED, Filing(SECOND, 1, "wrong")), ("wrong", "nothing"), accepts=False),
            (0,),
            200,
            marks=pytest.mark.deep,
        ),
    ],
    ids=["one vote", "a lie", "all votes", "a lie and a sham"],
)
def test_sampled_ways_end_alike(play, wrong, sampled):
    world, town = staged(wrong, 4)
    chosen: Town = pickle.loads(town.copy())
    chosen.court.hash_of = small.Fixed()
    found = walk(chosen, play)
    for end, way in Random(1).sample(found.ends, min(sampled, len(found.ends))):
        ends_alike(world, town, play, end, way)


@pytest.mark.parametrize("sampled", [3, pytest.param(100, marks=pytest.mark.deep)])
def test_sampled_ways_of_two_challenges_end_alike(sampled):
    """Nobody is honest, and the second case waits for the seats of the first."""
    world, town = staged((), 2)
    play = Play(filings=(FILED, Filing(SECOND, 1, "wrong")), votes=("right", "wrong"))
    chosen: Town = pickle.loads(town.copy())
    chosen.court.hash_of = small.Fixed()
    found = walk(chosen, replace(play, told_late=True), key=alike, options=together)
    for end, way in Random(1).sample(found.ends, min(sampled, len(found.ends))):
        ends_alike(world, town, play, end, bound(way))
