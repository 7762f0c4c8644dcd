"""What became of a scenario, drawn as SVG: a panel each for price, utilization and unmet demand."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from statistics import fmean
from typing import NamedTuple
from xml.sax.saxutils import escape

from suanli.simulate.record import Sample
from suanli.simulate.run import Simulated
from suanli.simulate.scenario import Scenario

WIDTH, HEIGHT, LEFT, TOP, GAP, RIGHT = 720, 170, 70, 64, 52, 30
MOST_POINTS = 360
"""Of a line: each is the average of as many samples as that takes."""
STYLES = {
    "excess-demand": ("#1b7837", ""),
    "second-example": ("#2166ac", "9 4 2 4"),
    "first-example": ("#d9822b", "9 5"),
    "printed": ("#b2182b", "2 4"),
    "adaptive": ("#6a3d9a", ""),
}
Value = Callable[[Sample], float]


Points = Sequence[tuple[float, float]]
"""Hour and value."""


class Panel(NamedTuple):
    title: str
    ticks: Sequence[float]
    label: Callable[[float], str]
    log: bool = False

    def height(self, value: float) -> float:
        """From 0, the lowest tick, to 1, the highest."""
        low, high = self.ticks[0], self.ticks[-1]
        value = min(max(value, low), high)
        if self.log:
            return math.log(value / low) / math.log(high / low)
        return (value - low) / (high - low)


def picture(scenario: Scenario, outcomes: Sequence[Simulated]) -> str:
    """The SVG. All outcomes are of the scenario."""
    panels = _panels(scenario, outcomes)
    width = LEFT + WIDTH + RIGHT
    height = TOP + len(panels) * (HEIGHT + GAP) + 10
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="13">',
        f"<title>{escape(scenario.name)}: {escape(scenario.about)}</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="20" font-size="16" font-weight="bold">'
        f"{escape(scenario.about)}</text>",
        *_legend(outcomes),
    ]
    for number, (panel, value) in enumerate(panels):
        top = TOP + number * (HEIGHT + GAP) + 14
        lines += frame(panel, top, scenario.days)
        for outcome in outcomes:
            points = [(sample.hour, value(sample)) for sample in outcome.samples]
            lines.append(line(panel, top, scenario.days, points, STYLES[outcome.price]))
    return "\n".join([*lines, "</svg>", ""])


def _panels(scenario: Scenario, outcomes: Sequence[Simulated]) -> list[tuple[Panel, Value]]:
    hours = scenario.step / 60

    def lacking(sample: Sample) -> float:
        """Units given up, of what was for sale for a job's time."""
        offered = sample.published * hours / scenario.demand.hours
        return sample.unmet / offered if offered else 0.0

    every = [sample.price for outcome in outcomes for sample in outcome.samples]
    prices = _decades(min(every), max(every))
    shares = (0, 0.25, 0.5, 0.75, 1)
    percent = "{:.0%}".format
    return [
        (Panel("price, tokens a unit", prices, "{:g}".format, log=True), lambda s: s.price),
        (Panel("utilization", shares, percent), lambda s: s.utilization),
        (Panel("unmet demand, of what is for sale", shares, percent), lacking),
    ]


def _decades(low: float, high: float) -> list[float]:
    """1, 2, 5 and their powers of ten around what is drawn."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps = [round(one * 10.0**power, 9) for power in range(first, last + 1) for one in (1, 2, 5)]
    below = max((step for step in steps if step <= low), default=steps[0])
    above = min((step for step in steps if step >= high and step > below), default=steps[-1])
    return [step for step in steps if below <= step <= above]


def _legend(outcomes: Sequence[Simulated]) -> Iterator[str]:
    for number, outcome in enumerate(outcomes):
        color, dashes = STYLES[outcome.price]
        x = LEFT + number * 155
        yield (
            f'<path d="M{x} 40h30" stroke="{color}" stroke-width="2.5" '
            f'stroke-dasharray="{dashes}"/>'
        )
        yield f'<text x="{x + 36}" y="44">{outcome.price}</text>'


def frame(panel: Panel, top: int, days: float) -> Iterator[str]:
    bottom = top + HEIGHT
    yield f'<text x="{LEFT}" y="{top - 7}" fill="#555">{panel.title}</text>'
    for tick in panel.ticks:
        y = round(bottom - HEIGHT * panel.height(tick), 1)
        yield f'<path d="M{LEFT} {y}h{WIDTH}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{panel.label(tick)}</text>'
    every = max(1, math.ceil(days / 14))
    for day in range(0, math.floor(days) + 1, every):
        x = round(LEFT + WIDTH * day / days, 1)
        yield f'<path d="M{x} {bottom}v5" stroke="#555"/>'
        named = day or "day 0"
        yield f'<text x="{x}" y="{bottom + 19}" text-anchor="middle">{named}</text>'


def line(panel: Panel, top: int, days: float, points: Points, style: tuple[str, str]) -> str:
    """Of averages, where there are many points."""
    color, dashes = style
    size = math.ceil(len(points) / MOST_POINTS)
    drawn = []
    for first in range(0, len(points), size):
        group = points[first : first + size]
        x = LEFT + WIDTH * min(fmean(hour for hour, _ in group) / 24 / days, 1)
        height = panel.height(fmean(value for _, value in group))
        drawn.append(f"{x:.1f},{top + HEIGHT * (1 - height):.1f}")
    return (
        f'<polyline points="{" ".join(drawn)}" fill="none" stroke="{color}" stroke-width="1.8" '
        f'stroke-dasharray="{dashes}"/>'
    )
