"""`suanli simulate`: try price models, courts and their parameters on a market that is made up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from suanli.base.saving import save
from suanli.cli.as_json import as_json as to_json
from suanli.cli.options import folder_option, json_option
from suanli.cli.output import counted, print_table

if TYPE_CHECKING:
    from suanli.simulate import Figures, PriceChoice, Scenario
    from suanli.simulate.court import CourtScenario

ALL = "all"
_HELP = """Simulate a market: compare price models in it, or what people gain before its court.

Thousands of miners and requesters act in a market that computes what the contracts compute. What
happens follows from the scenario and the seed alone. Scenarios named court are of the court: honest
and other miners, requesters and jurors, and the profit of each.

\b
Examples:
  suanli simulate
  suanli simulate --scenario court --scenario court-third --out court
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

\b
Columns of the court's:
  members      who do so
  profit       of what their deals were to pay; of jurors, of their stake in 30 days
  lost         of miners' deals those overturned, of requesters' challenges those in vain
"""


@click.command(help=_HELP)
@click.option(
    "--scenario",
    "names",
    multiple=True,
    metavar="NAME|FILE",
    default=("daily",),
    show_default=True,
    help="calm, daily, exodus, fake, growth, misjudged, surge; all: each of these; court,"
    " court-careless, court-flood, court-third; or a TOML file. May be repeated.",
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
    from suanli.simulate.court import CourtScenario, is_of_court, load_court

    try:
        choices = [PriceChoice(price) for price in dict.fromkeys(prices or PRICES)]
    except UnknownPrice as error:
        raise click.UsageError(str(error)) from None
    wanted = [each for name in names for each in (built_in() if name == ALL else [name])]
    wanted = list(dict.fromkeys(wanted))
    courts = [name for name in wanted if is_of_court(name)]
    if prices and courts:
        raise click.UsageError(f"{courts[0]} is of a court, at a fixed price: leave out --price")
    scenarios = [load_court(name) if name in courts else load(name) for name in wanted]
    found: dict[str, Any] = {}
    for each in scenarios:
        scenario = each if days is None else replace(each, days=days)
        if found and not as_json:
            click.echo()
        if isinstance(scenario, CourtScenario):
            told = _court(scenario, seed)
        else:
            told = _market(scenario, choices, seed)
        found[scenario.name] = told.figures
        if out is not None:
            save(out, told.files())
        if not as_json:
            print_table(told.head, told.rows, right=range(1, len(told.head)))
    if as_json:
        click.echo(to_json({"seed": seed, "scenarios": found}))


class _Told(NamedTuple):
    """What is printed of a scenario; `files` makes what is written of it."""

    figures: dict[str, Any]
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    files: Callable[[], dict[str, list[bytes]]]


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


def _market(scenario: Scenario, choices: Sequence[PriceChoice], seed: int) -> _Told:
    from suanli.simulate import picture, simulate

    with counted(scenario.name, scenario.steps * len(choices)) as step:
        outcomes = [simulate(scenario, choice, seed, step) for choice in choices]
    rows = [
        (outcome.price, *(show(outcome.figures) for show in _COLUMNS.values()))
        for outcome in outcomes
    ]

    def files() -> dict[str, list[bytes]]:
        found = {f"{scenario.name}.svg": picture(scenario, outcomes)}
        for outcome in outcomes:
            lines = [outcome.samples[0]._fields, *outcome.samples]
            found[f"{scenario.name}-{outcome.price}.csv"] = _csv(lines)
        return {name: [text.encode()] for name, text in found.items()}

    figures = {each.price: asdict(each.figures) for each in outcomes}
    return _Told(figures, [_title(scenario), *_COLUMNS], rows, files)


def _court(scenario: CourtScenario, seed: int) -> _Told:
    from suanli.simulate.court import court_picture, play_court

    with counted(scenario.name, scenario.steps) as step:
        played = play_court(scenario, seed, step)
    figures: dict[str, Any] = {}
    rows = []
    for (role, kind), own in played.figures.items():
        figures.setdefault(role, {})[kind] = own._asdict()
        lost = "" if own.lost is None else f"{own.lost:.1%}"
        rows.append((f"{role}, {kind}", f"{own.members}", f"{own.profit:.1f}%", lost))

    def files() -> dict[str, list[bytes]]:
        head = [" ".join(who) for who in played.courses]
        steps = zip(*played.courses.values(), strict=True)
        found = {f"{scenario.name}.svg": court_picture(played)}
        found[f"{scenario.name}.csv"] = _csv([head, *steps])
        return {name: [text.encode()] for name, text in found.items()}

    return _Told(figures, [_title(scenario), "members", "profit", "lost"], rows, files)


def _title(scenario: Scenario | CourtScenario) -> str:
    return f"{scenario.name}, {scenario.days:g} days"


def _csv(rows: Iterable[Sequence[Any]]) -> str:
    """Head and numbers."""
    head, *lines = rows
    texts = [",".join(head), *(",".join(f"{value:.9g}" for value in line) for line in lines)]
    return "\n".join([*texts, ""])
