"""What a daemon's `check` finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`right`, or `text` says what to do."""

    name: str
    right: bool
    text: str
