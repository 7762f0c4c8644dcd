"""Where a job is run that no deals are made for."""

from __future__ import annotations

from typing import NamedTuple

from suanli.engine import Executor


class Where(NamedTuple):
    """What runs a job: `places` tasks at a time, `ahead` of which are handed over at once."""

    executor: Executor
    places: int
    ahead: int
