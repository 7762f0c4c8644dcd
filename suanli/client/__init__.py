"""The requester's side: quote, place, watch, check, pay, assemble. docs/requesting.md shows it."""

from suanli.amounts import InvalidAmount
from suanli.client.connection import Client, Quote, connect
from suanli.client.errors import (
    BudgetTooSmall,
    ClientError,
    DuplicateJob,
    FolderFailed,
    JobBusy,
    NobodyTakes,
    ResultRefused,
    TasksFailed,
    UnknownJob,
    UnsuitableJob,
    WalletTooSmall,
)
from suanli.client.events import (
    Confirmed,
    Event,
    FellBack,
    PartEnded,
    PartRefused,
    Placed,
    TaskDone,
    TermsChosen,
    Trouble,
)
from suanli.client.options import Options
from suanli.client.report import DealReport, Report
from suanli.client.run import Run

__all__ = [
    "BudgetTooSmall",
    "Client",
    "ClientError",
    "Confirmed",
    "DealReport",
    "DuplicateJob",
    "Event",
    "FellBack",
    "FolderFailed",
    "InvalidAmount",
    "JobBusy",
    "NobodyTakes",
    "Options",
    "PartEnded",
    "PartRefused",
    "Placed",
    "Quote",
    "Report",
    "ResultRefused",
    "Run",
    "TaskDone",
    "TasksFailed",
    "TermsChosen",
    "Trouble",
    "UnknownJob",
    "UnsuitableJob",
    "WalletTooSmall",
    "connect",
]
