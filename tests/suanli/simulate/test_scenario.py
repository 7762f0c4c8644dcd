"""Scenarios: how demand goes, what stands in files, and what is wrong with them."""

import math
from dataclasses import replace

import pytest

from suanli.simulate import DemandSide, Scenario, ScenarioError, Shock, SupplySide, built_in, load
from suanli.simulate.pricing import adaptation, linear

DEMAND = DemandSide(1, 1.0, 1, 1, 1.0, 1.0, daily=0.5, weekly=0.4, growth=4.0)
SUPPLY = SupplySide(1, 1, 1, 1.0)
SHOCKS = (Shock(1.0, 12.0, demand=3.0, away=0.2), Shock(1.25, 12.0, away=0.6))
SCENARIO = Scenario("made", "up", 14.0, DEMAND, SUPPLY, shocks=SHOCKS)


def test_demand_is_highest_in_the_afternoon():
    hours = range(24)
    assert max(hours, key=lambda hour: DEMAND.at(hour, 1e9)) == 15
    assert DEMAND.at(15, 1e9) == pytest.approx(1.5)
    assert DEMAND.at(3, 1e9) == pytest.approx(0.5)


def test_demand_is_lower_on_saturday_and_sunday():
    noons = [DEMAND.at(24 * day + 9, 1e9) for day in range(8)]
    assert noons == pytest.approx([1, 1, 1, 1, 1, 0.6, 0.6, 1])


def test_demand_grows_by_its_factor():
    growing = replace(DEMAND, daily=0.0)
    assert growing.at(14 * 24, 14 * 24) == pytest.approx(4.0)
    assert growing.at(7 * 24, 14 * 24) == pytest.approx(2.0)


def test_shocks_last_as_long_as_they_say():
    away = [SCENARIO.away_at(hour) for hour in (23.9, 24, 30, 41.9, 42)]
    assert away == [0.0, 0.2, 0.6, 0.6, 0.0]
    usual = DEMAND.at(24, 14 * 24)
    assert SCENARIO.demand_at(24) == pytest.approx(3 * usual)


def test_steps_fill_the_days():
    assert SCENARIO.steps == 14 * 48


def test_alpha_follows_from_the_capacity():
    model = linear(SCENARIO.linear, "excess-demand", 500)
    assert model.price(500, 500, 500) == 10**18
    assert model.price(500, 500, 250) == 10**18 // 2


def test_speed_follows_from_the_time_of_doubling():
    made = adaptation(SCENARIO.adaptive)
    seconds = SCENARIO.adaptive.doubling * 3_600
    doubled = made.speed / 10**18 * seconds * (1 - made.target / 10**9)
    assert doubled == pytest.approx(math.log(2))


@pytest.mark.parametrize("name", built_in())
def test_each_built_in_scenario_says_what_it_is(name):
    scenario = load(name)
    assert scenario.name == name
    assert scenario.about


GOOD = """about = "mine"
days = 1
[demand]
requesters = 3
jobs_a_day = 1
smallest = 1
largest = 2
hours = 1
value = 1.5
[supply]
miners = 2
smallest = 1
largest = 1
cost = 0.5
"""


def written(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return str(path)


def test_a_file_of_ones_own(tmp_path):
    scenario = load(written(tmp_path, GOOD + "[[shocks]]\nday = 0\nhours = 2\naway = 0.5\n"))
    assert (scenario.name, scenario.days, scenario.demand.value) == ("mine", 1, 1.5)
    assert scenario.shocks == (Shock(0, 2, away=0.5),)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("days = 1", "days = 0"), "mine.toml:2:1: days: must be greater than 0"),
        (("value = 1.5", 'value = "x"'), "mine.toml:9:1: demand.value: must be a valid number"),
        (("miners = 2\n", ""), "mine.toml:10:1: supply.miners: is missing: see suanli/simulate"),
        (("cost = 0.5", "costs = 0.5"), "costs"),
        (("smallest = 1\nlargest = 2", "smallest = 3\nlargest = 2"), "smallest is more than"),
        (("[supply]", "[supply"), "mine.toml:10:"),
        (("[supply]", "[adaptive]\nstart = 200\n[supply]"), "adaptive: start is not between"),
        (("[supply]", "[adaptive]\ndoubling = 1\n[supply]"), "adaptive: doubling is too short"),
        (("[supply]", "[linear]\nfloor = 200\n[supply]"), "linear: floor is more than cap"),
        (("[supply]", "[[fakes]]\nday = 1\nhours = 1\nshare = 0\n[supply]"), "fakes.0.share"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path, change, told):
    with pytest.raises(ScenarioError) as error:
        load(written(tmp_path, GOOD.replace(*change)))
    assert told in str(error.value)


def test_a_name_that_there_is_not():
    with pytest.raises(ScenarioError) as error:
        load("nope")
    names = ", ".join(built_in())
    assert str(error.value) == (
        f"there is no scenario and no file 'nope': use one of {names}, or a TOML file"
    )
