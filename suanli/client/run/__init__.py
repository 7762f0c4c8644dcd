"""A run of a job: observe, decide, perform."""

from suanli.client.run.core import most
from suanli.client.run.progress import (
    ProgressLines,
    progress,
    score_told,
    short,
    told_doubling,
)
from suanli.client.run.run import Run

__all__ = ["ProgressLines", "Run", "most", "progress", "score_told", "short", "told_doubling"]
