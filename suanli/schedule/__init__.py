"""Split work, say how long it takes, gather the parts."""

from suanli.schedule.errors import ScheduleError
from suanli.schedule.gather import concatenate, sum_by_key
from suanli.schedule.pace import Pace
from suanli.schedule.split import Span, split_count, split_records

__all__ = [
    "Pace",
    "ScheduleError",
    "Span",
    "concatenate",
    "split_count",
    "split_records",
    "sum_by_key",
]
