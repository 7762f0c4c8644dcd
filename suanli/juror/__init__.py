"""A juror: judges cases by running their tasks again, from a seat that it has in a court.

`core` decides, pure; `journal` keeps what must not be forgotten; `evidence` fetches and runs.
"""

__all__ = [
    "config",
    "core",
    "evidence",
    "journal",
    "status",
]
