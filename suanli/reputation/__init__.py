"""What the chain's logs say of miners, and the score that comes of it. docs/reputation.md."""

from suanli.reputation.history import History, MinerRecords
from suanli.reputation.score import NEWCOMER, WEIGHT, Mark, MarkKind, MinerRecord, burden, records

__all__ = [
    "NEWCOMER",
    "WEIGHT",
    "History",
    "Mark",
    "MarkKind",
    "MinerRecord",
    "MinerRecords",
    "burden",
    "records",
]
