"""Sell computing power: a daemon that takes requests, runs them and is paid.

`core` decides and does no I/O; `daemon` carries out what it decides, by its `ports`. docs/mining.md
is for those who run it.
"""

__all__ = [
    "ballast",
    "checks",
    "config",
    "core",
    "daemon",
    "draining",
    "earnings",
    "journal",
    "metrics",
    "opening",
    "proposal",
    "runtimes",
    "setup",
    "status",
    "story",
]
