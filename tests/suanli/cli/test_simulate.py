"""`suanli simulate`: a table, JSON, files, and one line for what is wrong."""

import json

import pytest
from click.testing import CliRunner

from suanli.cli import cli
from suanli.simulate import PRICES, built_in

SMALL = """about = "mine"
days = 1
[demand]
requesters = 30
jobs_a_day = 2
smallest = 1
largest = 9
hours = 2
value = 1.5
[supply]
miners = 10
smallest = 1
largest = 9
cost = 0.3
"""


@pytest.fixture
def run(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(SMALL)

    def run(*arguments):
        command = ["simulate", "--scenario", str(path), *map(str, arguments)]
        return CliRunner().invoke(cli, command)

    return run


def test_a_table_with_a_row_for_each_price(run):
    shown = run("--days", 0.5)
    assert shown.exit_code == 0, shown.output
    head, *rows = shown.stdout.splitlines()
    assert head.split("  ")[0] == "mine, 0.5 days"
    assert [row.split()[0] for row in rows] == list(PRICES)


def test_the_same_seed_prints_the_same(run):
    first, second = run("--seed", 9), run("--seed", 9)
    assert first.stdout == second.stdout != run("--seed", 10).stdout


def test_json(run):
    shown = run("--price", "adaptive", "--json")
    found = json.loads(shown.stdout)
    assert found["seed"] == 1
    assert list(found["scenarios"]) == ["mine"]
    assert 0 < found["scenarios"]["mine"]["adaptive"]["utilization"] <= 1


def test_files(run, tmp_path):
    shown = run("--price", "printed", "--out", tmp_path / "out")
    assert shown.exit_code == 0, shown.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "mine-printed.csv",
        "mine.svg",
    ]
    lines = (tmp_path / "out" / "mine-printed.csv").read_text().splitlines()
    assert lines[0] == "hour,price,published,demanded,used,unmet"
    assert len(lines) == 1 + 48


def test_a_scenario_that_there_is_not():
    shown = CliRunner().invoke(cli, ["simulate", "--scenario", "nope"])
    assert shown.exit_code == 1
    assert shown.stderr.startswith("Error: there is no scenario and no file 'nope': use one of ")
    assert shown.stderr.count("\n") == 1


def test_the_help_names_all_scenarios_and_prices():
    shown = " ".join(CliRunner().invoke(cli, ["simulate", "--help"]).stdout.split())
    assert f"{', '.join(built_in())}; all:" in shown
    assert all(price in shown for price in PRICES)


@pytest.mark.parametrize("wrong", [("--days", 0), ("--days", 9e9), ("--price", "cheap")])
def test_wrong_options(run, wrong):
    assert run(*wrong).exit_code == 2


COURT = """about = "mine"
days = 5
[jurors]
honest = 40
"""


def test_a_court(tmp_path):
    path = tmp_path / "people.toml"
    path.write_text(COURT)
    shown = CliRunner().invoke(cli, ["simulate", "--scenario", str(path), "--out", str(tmp_path)])
    assert shown.exit_code == 0, shown.output
    head, *rows = shown.stdout.splitlines()
    assert head.split() == ["people,", "5", "days", "members", "profit", "lost"]
    named = [row.split("  ")[0] for row in rows]
    assert named == ["miner, honest", "requester, honest", "juror, honest"]
    assert (tmp_path / "people.svg").read_text().startswith("<svg")
    lines = (tmp_path / "people.csv").read_text().splitlines()
    assert lines[0].split(",")[0] == "miner honest"
    assert len(lines) == 1 + 5 * 8


def test_a_court_as_json():
    command = ["simulate", "--scenario", "court", "--days", "2", "--json"]
    shown = CliRunner().invoke(cli, command)
    found = json.loads(shown.stdout)["scenarios"]["court"]
    assert found["miner"]["honest"]["members"] == 75
    assert found["juror"].keys() == {"honest", "lazy", "absent", "colluding"}


def test_a_court_has_no_price_to_choose():
    shown = CliRunner().invoke(cli, ["simulate", "--scenario", "court", "--price", "adaptive"])
    assert shown.exit_code == 2
    assert "leave out --price" in shown.stderr
