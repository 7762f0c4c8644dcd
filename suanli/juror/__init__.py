"""A juror: judges cases by running their tasks again, from a seat that it has in a court.

`core` decides, pure; `daemon` does what it says; `journal` keeps what must not be forgotten.
docs/judging.md tells what a juror stakes, earns and risks.
"""

__all__ = [
    "checks",
    "config",
    "core",
    "daemon",
    "journal",
    "metrics",
    "opening",
    "runtimes",
    "setup",
    "status",
]
