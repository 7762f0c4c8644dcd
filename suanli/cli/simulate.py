"""`suanli simulate`: try price models and their parameters on a market that is made up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suanli.base.saving import save
from suanli.cli.as_json import as_json as to_json
from suanli.cli.options import folder_option, json_option
from suanli.cli.output import counted, print_table

if TYPE_CHECKING:
    from suanli.simulate import Figures, PriceChoice, Sample, Scenario, Simulated

ALL = "all"
_HELP = """Simulate a market and compare price models in it.

Thousands of miners and requesters act in a market that computes what the contracts compute. What
happens follows from the scenario and the seed alone.

\b
Examples:
  suanli simulate
  suanli simulate --scenario surge --days 10 --out surge
  suanli simulate --scenario mine.toml --price adaptive --price excess-demand --seed 7
  suanli simulate --scenario all --out reports/simulated

\b
Columns:
  price        tokens a unit, average over time
  change       of the price in an hour, root mean square
  swing        the price that 5 % of the time was higher, by that which 5 % was lower
  utilization  units of live deals, of what is for sale
  unmet        of the units that could be paid, those that found no capacity
  priced out   of all units wanted, those that were too dear
  income       of miners, tokens a day and unit for sale
  surplus      tokens a day that work was worth beyond what miners asked for it
Price and utilization are those from the second day on: a market begins empty.
"""


@click.command(help=_HELP)
@click.option(
    "--scenario",
    "names",
    multiple=True,
    metavar="NAME|FILE",
    default=("daily",),
    show_default=True,
    help="calm, daily, exodus, fake, growth, misjudged, surge; all: each of these; or a TOML file."
    " May be repeated.",
)
@click.option(
    "--price",
    "prices",
    multiple=True,
    metavar="MODEL",
    help="excess-demand, second-example, first-example, printed or adaptive; may be repeated."
    "  [default: all]",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="For another course of chance."
)
@click.option(
    "--days", type=click.FloatRange(0, 3_660, min_open=True), help="Instead of the scenario's."
)
@folder_option("--out", "Write a picture and every step there.")
@json_option
def simulate_command(
    names: tuple[str, ...],
    prices: tuple[str, ...],
    seed: int,
    days: float | None,
    out: Path | None,
    as_json: bool,
) -> None:
    from suanli.simulate import PRICES, PriceChoice, UnknownPrice, built_in, load

    try:
        choices = [PriceChoice(price) for price in dict.fromkeys(prices or PRICES)]
    except UnknownPrice as error:
        raise click.UsageError(str(error)) from None
    wanted = [each for name in names for each in (built_in() if name == ALL else [name])]
    scenarios = [_for(days, load(name)) for name in dict.fromkeys(wanted)]
    found: dict[str, Any] = {}
    for scenario in scenarios:
        outcomes = list(_played(scenario, choices, seed))
        found[scenario.name] = {each.price: asdict(each.figures) for each in outcomes}
        if out is not None:
            save(out, _files(scenario, outcomes))
        if not as_json:
            _print(scenario, outcomes, last=scenario is scenarios[-1])
    if as_json:
        click.echo(to_json({"seed": seed, "scenarios": found}))


def _for(days: float | None, scenario: Scenario) -> Scenario:
    return scenario if days is None else replace(scenario, days=days)


def _played(scenario: Scenario, choices: Sequence[PriceChoice], seed: int) -> Iterator[Simulated]:
    from suanli.simulate import simulate

    with counted(scenario.name, scenario.steps * len(choices)) as step:
        for choice in choices:
            yield simulate(scenario, choice, seed, step)


_COLUMNS: dict[str, Callable[[Figures], str]] = {
    "price": lambda own: f"{own.price:.3f}",
    "change": lambda own: f"{own.change:.1%}",
    "swing": lambda own: f"{own.swing:.2f}",
    "utilization": lambda own: f"{own.utilization:.1%}",
    "unmet": lambda own: f"{own.unmet:.1%}",
    "priced out": lambda own: f"{own.priced_out:.1%}",
    "income": lambda own: f"{own.income:.2f}",
    "surplus": lambda own: f"{own.surplus:,.0f}",
}


def _print(scenario: Scenario, outcomes: Sequence[Simulated], last: bool) -> None:
    head = [f"{scenario.name}, {scenario.days:g} days", *_COLUMNS]
    rows = [
        (outcome.price, *(show(outcome.figures) for show in _COLUMNS.values()))
        for outcome in outcomes
    ]
    print_table(head, rows, right=range(1, len(head)))
    if not last:
        click.echo()


def _files(scenario: Scenario, outcomes: Sequence[Simulated]) -> dict[str, list[bytes]]:
    from suanli.simulate import picture

    files = {f"{scenario.name}.svg": picture(scenario, outcomes)}
    for outcome in outcomes:
        files[f"{scenario.name}-{outcome.price}.csv"] = _csv(outcome.samples)
    return {name: [text.encode()] for name, text in files.items()}


def _csv(samples: Sequence[Sample]) -> str:
    lines = [",".join(samples[0]._fields)]
    lines += [",".join(f"{value:.9g}" for value in sample) for sample in samples]
    return "\n".join([*lines, ""])
