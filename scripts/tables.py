"""Plain text for people: tables, titles, paragraphs."""

import textwrap
from collections.abc import Sequence
from typing import Any


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]], left: int = 1) -> None:
    """The first columns, of names, to the left, numbers' columns to the right."""
    cells = [list(map(str, row)) for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if number < left else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]
    lines.insert(1, "  ".join("─" * width for width in widths))
    print(*("   " + line.rstrip() for line in lines), sep="\n", end="\n\n")


def title(text: str) -> None:
    print(f"\n━━ {text} {'━' * max(3, 84 - len(text))}\n")


def say(text: str) -> None:
    print(textwrap.fill(text, 90, initial_indent="   ", subsequent_indent="   "), end="\n\n")


def short(data: Any) -> str:
    return bytes(data).hex()[:8] + "…"


def yes_no(value: bool) -> str:
    return "yes" if value else "no"
