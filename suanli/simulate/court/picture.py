"""What strategies gained in a court's scenario, drawn as SVG: a panel for each role."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from suanli.simulate.court.run import Played
from suanli.simulate.picture import GAP, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Panel, frame, line

STYLES = {
    "honest": ("#1b7837", ""),
    "lazy": ("#d9822b", "9 5"),
    "careless": ("#d9822b", "9 5"),
    "absent": ("#d9822b", "2 4"),
    "cheating": ("#b2182b", ""),
    "quarrelsome": ("#b2182b", "9 4 2 4"),
    "withholding": ("#2166ac", "9 4 2 4"),
    "late": ("#2166ac", "2 4"),
    "colluding": ("#6a3d9a", ""),
}
KEY, PANEL = 92, HEIGHT + GAP + 18
ROLES = (("miner", "a miner"), ("requester", "a requester"), ("juror", "a seat"))


def court_picture(played: Played) -> str:
    scenario = played.scenario
    width, height = LEFT + WIDTH + RIGHT, TOP + len(ROLES) * PANEL - 10
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="13">',
        f"<title>{escape(scenario.name)}: {escape(scenario.about)}</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="20" font-size="16" font-weight="bold">'
        f"{escape(scenario.about)}</text>",
    ]
    for number, (role, whose) in enumerate(ROLES):
        top = TOP + number * PANEL
        courses = {who[1]: course for who, course in played.courses.items() if who[0] == role}
        ticks = _ticks([value for course in courses.values() for value in course])
        panel = Panel(f"profit of {whose}, tokens", ticks, "{:,g}".format)
        lines += frame(panel, top, scenario.days)
        lines += _keys(courses, top - 24)
        for kind, course in courses.items():
            points = [(scenario.step / 60 * step, value) for step, value in enumerate(course, 1)]
            lines.append(line(panel, top, scenario.days, points, STYLES[kind]))
    return "\n".join([*lines, "</svg>", ""])


def _keys(kinds: Sequence[str] | dict[str, tuple[float, ...]], y: int) -> Iterator[str]:
    for number, kind in enumerate(kinds):
        color, dashes = STYLES[kind]
        x = LEFT + 196 + number * KEY
        yield (
            f'<path d="M{x} {y + 13}h24" stroke="{color}" stroke-width="2.5" '
            f'stroke-dasharray="{dashes}"/>'
        )
        yield f'<text x="{x + 29}" y="{y + 17}">{kind}</text>'


def _ticks(values: Sequence[float]) -> list[float]:
    """Two to nine round numbers around what is drawn, 0 among them."""
    low, high = min(0.0, *values), max(0.0, *values)
    rough = max(high - low, 1.0) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first, last = math.floor(low / step), max(math.ceil(high / step), 1)
    return [step * number for number in range(first, last + 1)]
