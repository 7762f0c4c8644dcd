"""A run of a job: observe, decide, perform."""

from suanli.client.run.core import most
from suanli.client.run.progress import (
    ProgressLines,
    first_use_told,
    progress,
    score_told,
    short,
    told_doubling,
)
from suanli.client.run.run import Run

__all__ = [
    "ProgressLines",
    "Run",
    "first_use_told",
    "most",
    "progress",
    "score_told",
    "short",
    "told_doubling",
]
