"""The scenarios that come with the package, small: sixty requesters, thirty miners, two days."""

from dataclasses import replace

import pytest

from suanli.simulate import Scenario, built_in, load


def small(name: str) -> Scenario:
    """Shocks and fakes come on the first day and last for half of it."""
    scenario = load(name)
    return replace(
        scenario,
        days=2.0,
        demand=replace(scenario.demand, requesters=60),
        supply=replace(scenario.supply, miners=30),
        shocks=tuple(replace(shock, day=1.0, hours=12.0) for shock in scenario.shocks),
        fakes=tuple(replace(fake, day=1.0, hours=12.0) for fake in scenario.fakes),
    )


@pytest.fixture(params=built_in())
def scenario(request) -> Scenario:
    return small(request.param)


@pytest.fixture
def calm() -> Scenario:
    return small("calm")


@pytest.fixture
def fake() -> Scenario:
    return small("fake")
