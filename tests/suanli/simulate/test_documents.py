"""docs/pricing.md shows what its printed command gives."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from suanli.cli import cli
from suanli.simulate import PriceChoice, built_in, load, simulate

DOCS = Path(__file__).resolve().parents[3] / "docs"
PRICES = ("excess-demand", "second-example", "first-example", "printed", "adaptive")


def documented() -> dict[tuple[str, str], list[str]]:
    """The figures by scenario and price model, as they are printed."""
    lines = (DOCS / "pricing.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {(row[0], row[1]): row[2:] for row in rows if len(row) == 10 and row[1] in PRICES}


def test_each_scenario_is_documented_with_the_default_and_the_adaptive_price():
    wanted = {(name, price) for name in built_in() for price in ("excess-demand", "adaptive")}
    assert wanted | {("daily", price) for price in PRICES} == documented().keys()


@pytest.mark.deep
def test_a_price_that_is_as_quick_as_the_day_swings_with_it():
    daily = load("daily")
    quick = replace(daily, adaptive=replace(daily.adaptive, doubling=24.0))
    figures = simulate(quick, PriceChoice("adaptive"), 1).figures
    assert figures.swing > 4
    assert figures.unmet > 0.03


@pytest.mark.deep
@pytest.mark.parametrize("name", built_in())
def test_the_figures_are_those_of_the_command(name, tmp_path):
    committed = DOCS / f"simulated-{name}.svg"
    documented_here = [price for scenario, price in documented() if scenario == name]
    prices = PRICES if committed.exists() else documented_here
    options = [each for price in prices for each in ("--price", price)]
    command = ["simulate", "--scenario", name, *options, "--out", str(tmp_path)]
    shown = CliRunner().invoke(cli, command)
    assert shown.exit_code == 0, shown.output
    for line in shown.stdout.splitlines()[1:]:
        price, *figures = line.split()
        assert price not in documented_here or documented()[name, price] == figures
    if committed.exists():
        assert (tmp_path / f"{name}.svg").read_text() == committed.read_text()
