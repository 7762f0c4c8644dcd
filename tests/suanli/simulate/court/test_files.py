"""Scenarios of a court as files: what is wrong is told with its line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from suanli.simulate import ScenarioError
from suanli.simulate.court import (
    CourtScenario,
    JurorCounts,
    court_picture,
    court_scenarios,
    is_of_court,
    load_court,
    play_court,
)

GOOD = 'about = "mine"\ndays = 5\ntasks = [2]\n[jurors]\nhonest = 40\n'


@pytest.mark.parametrize("name", court_scenarios())
def test_each_that_comes_with_the_package(name: str) -> None:
    scenario = load_court(name)
    assert scenario.name == name
    assert scenario.about
    assert is_of_court(name)


def test_one_of_ones_own(tmp_path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    assert is_of_court(str(path))
    jurors = JurorCounts(honest=40)
    assert load_court(str(path)) == CourtScenario("mine", "mine", 5.0, tasks=(2,), jurors=jurors)


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ("tasks = []", "3:1"),
        ("tasks = [0]", "3:"),
        ("away = 2", "3:1"),
        ("twice = 2", "3:1"),
        ("[miners]\nhonest = -1", "4:1"),
    ],
)
def test_what_is_wrong(line: str, mistake: str, tmp_path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace("tasks = [2]", line))
    with pytest.raises(ScenarioError) as error:
        load_court(str(path))
    assert f"mine.toml:{mistake}" in str(error.value)


def test_too_few_seats_for_a_jury_and_its_appeal(tmp_path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace("honest = 40", "honest = 5"))
    with pytest.raises(ScenarioError, match="fewer than 36"):
        load_court(str(path))


def test_others_are_not_of_a_court(tmp_path) -> None:
    assert not is_of_court("daily")
    (tmp_path / "broken.toml").write_text("= 1")
    assert not is_of_court(str(tmp_path / "broken.toml"))


def test_a_picture_has_a_line_for_each_strategy() -> None:
    scenario = replace(load_court("court"), about="a < b", days=10.0)
    drawn = court_picture(play_court(scenario, 1))
    assert drawn.count("<polyline") == 14
    assert "a &lt; b" in drawn
    assert "nan" not in drawn
