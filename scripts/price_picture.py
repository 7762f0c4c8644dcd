"""Draw docs/prices.svg: the price of each preset against demand and against supply.

    python -m scripts.price_picture

The output depends on nothing but `suanli.model`, so that a test can compare the committed picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from suanli.protocol import PRESETS, linear_price

TARGET = Path(__file__).resolve().parent.parent / "docs" / "prices.svg"

TOKEN = 10**18
REGISTERED, PUBLISHED, DEMANDED = 1_000, 800, 600
BASE, ALPHA, FLOOR, CAP = TOKEN, TOKEN // 1_000, TOKEN // 100, 2 * TOKEN
STEP = 25

STYLES = {
    "printed": ("#b2182b", "2 4"),
    "first-example": ("#d9822b", "9 5"),
    "second-example": ("#2166ac", "9 4 2 4"),
    "excess-demand": ("#1b7837", ""),
}
WIDTH, HEIGHT, TOP, BOTTOM, GAP = 360, 300, 60, 80, 90
LEFT = 60

Points = list[tuple[int, int]]
"""(units, price in 10^-18 token)"""


def price(preset: str, published: int, demanded: int) -> int:
    weights = PRESETS[preset]
    return linear_price(
        REGISTERED,
        published,
        demanded,
        base=BASE,
        alpha=ALPHA,
        weights=weights,
        floor=FLOOR,
        cap=CAP,
    )


def by_demand(preset: str) -> Points:
    """R_d from 0 to 150 % of what is published."""
    most = PUBLISHED * 3 // 2
    return [(units, price(preset, PUBLISHED, units)) for units in range(0, most + 1, STEP)]


def by_supply(preset: str) -> Points:
    """R_p from 0 to all that is registered."""
    return [(units, price(preset, units, DEMANDED)) for units in range(0, REGISTERED + 1, STEP)]


def picture() -> str:
    """The SVG."""
    width, height = LEFT + 2 * WIDTH + GAP + 30, TOP + HEIGHT + BOTTOM
    panels = (
        ("More demand", "utilization R_d / R_p (R_p = 800)", by_demand, PUBLISHED),
        ("More supply for sale", "share published R_p / R (R_d = 600)", by_supply, REGISTERED),
    )
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="13">',
        "<title>Price of a unit by preset, against demand and against supply</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for number, (title, label, points, whole) in enumerate(panels):
        left = LEFT + number * (WIDTH + GAP)
        series = {preset: points(preset) for preset in PRESETS}
        lines += panel(left, title, label, series, whole)
    lines += legend(height)
    return "\n".join([*lines, "</svg>", ""])


def panel(
    left: int, title: str, label: str, series: dict[str, Points], whole: int
) -> Iterator[str]:
    """One diagram; `whole` units are 100 %."""
    most = max(units for points in series.values() for units, _ in points)
    bottom = TOP + HEIGHT
    yield f'<text x="{left}" y="{TOP - 28}" font-size="16" font-weight="bold">{title}</text>'
    yield f'<text x="{left}" y="{TOP - 8}" fill="#555">price, tokens a unit</text>'
    for tenths in range(0, 21, 5):
        y = bottom - HEIGHT * tenths // 20
        yield f'<path d="M{left} {y}h{WIDTH}" stroke="#ddd"/>'
        yield f'<text x="{left - 8}" y="{y + 4}" text-anchor="end">{tenths / 10:.1f}</text>'
    for percent in range(0, most * 100 // whole + 1, 25):
        x = left + WIDTH * percent * whole // (100 * most)
        yield f'<path d="M{x} {bottom}v5" stroke="#555"/>'
        yield f'<text x="{x}" y="{bottom + 19}" text-anchor="middle">{percent} %</text>'
    yield f'<text x="{left + WIDTH}" y="{bottom + 38}" text-anchor="end" fill="#555">{label}</text>'
    for preset, points in series.items():
        color, dashes = STYLES[preset]
        places = " ".join(
            f"{left + WIDTH * units / most:.1f},{bottom - HEIGHT * value / CAP:.1f}"
            for units, value in points
        )
        yield (
            f'<polyline points="{places}" fill="none" stroke="{color}" stroke-width="2.5" '
            f'stroke-dasharray="{dashes}"/>'
        )


def legend(height: int) -> Iterator[str]:
    for number, (preset, (color, dashes)) in enumerate(STYLES.items()):
        x, y = LEFT + number * 200, height - 16
        yield (
            f'<path d="M{x} {y - 4}h34" stroke="{color}" stroke-width="2.5" '
            f'stroke-dasharray="{dashes}"/>'
        )
        yield f'<text x="{x + 42}" y="{y}">{preset}</text>'


def main() -> None:
    TARGET.write_text(picture())
    print(f"wrote {TARGET.name}")


if __name__ == "__main__":
    main()
