"""The requester's side: quote, place, watch, check, pay, assemble. docs/requesting.md shows it."""

from suanli.base.amounts import InvalidAmount
from suanli.client.client import Client
from suanli.client.connecting import connect
from suanli.client.errors import (
    BudgetTooSmall,
    ClientError,
    DuplicateJob,
    JobBusy,
    NobodyTakes,
    TasksFailed,
    UnknownJob,
    UnsuitableJob,
    WalletTooSmall,
)
from suanli.client.events import (
    Confirmed,
    Corrected,
    Event,
    FellBack,
    FellSilent,
    MayDouble,
    PartEnded,
    PartRefused,
    Placed,
    Progressed,
    Refused,
    TaskDone,
    TermsChosen,
    Trouble,
    Waiting,
    WalletAsked,
)
from suanli.client.options import Options
from suanli.client.quote import Quote
from suanli.client.report import DealReport, Report
from suanli.client.run.run import Run
from suanli.client.wallets import WalletMust
from suanli.verify import FolderFailed, ResultRefused

__all__ = [
    "BudgetTooSmall",
    "Client",
    "ClientError",
    "Confirmed",
    "Corrected",
    "DealReport",
    "DuplicateJob",
    "Event",
    "FellBack",
    "FellSilent",
    "FolderFailed",
    "InvalidAmount",
    "JobBusy",
    "MayDouble",
    "NobodyTakes",
    "Options",
    "PartEnded",
    "PartRefused",
    "Placed",
    "Progressed",
    "Quote",
    "Refused",
    "Report",
    "ResultRefused",
    "Run",
    "TaskDone",
    "TasksFailed",
    "TermsChosen",
    "Trouble",
    "UnknownJob",
    "UnsuitableJob",
    "Waiting",
    "WalletAsked",
    "WalletMust",
    "WalletTooSmall",
    "connect",
]
