"""The requester's side: quote, place, watch, check, pay, assemble. docs/requesting.md shows it.

`connect` gives a `Client`. `Client.submit` gives a `Run`: iterate over it for results as they are
accepted, over `Run.events` for all that happens (each a `JobEvent`), then `Run.save` and
`Run.report`. `Client.executor` is a `concurrent.futures.Executor`, a `MarketExecutor`. `Options`
are what a job may ask for. Amounts are base units of the settlement token, prices 10^-18 token per
unit, times seconds; tokens written as text ("12.5") are whole ones. What goes wrong is a
`ClientError` or another `suanli.base.errors.SuanliError`, whose text says what to do next.
"""

from suanli.base.amounts import InvalidAmount
from suanli.client.client import Client
from suanli.client.connecting import connect, fees_of, reach, sending, url_of
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
    Awaited,
    CameLate,
    CaseEnded,
    CaseMoved,
    Challenged,
    ClaimRefused,
    Confirmed,
    Corrected,
    DealEnded,
    FellBack,
    FellSilent,
    JobEvent,
    MayDouble,
    NotChallenged,
    Placed,
    Progressed,
    Rejected,
    RelayTold,
    TaskAccepted,
    TermsChosen,
    Trouble,
    Waiting,
    WalletAsked,
)
from suanli.client.finding import FoundMiner, find_miner
from suanli.client.functions import ExecutorReport, MarketExecutor
from suanli.client.ledger import Ledger
from suanli.client.options import MOST_SLIPPAGE, SEALED_TOLD, Options
from suanli.client.past import prices_lately
from suanli.client.plan import Candidate
from suanli.client.pricing import UpdatedPrice, adaptive_of, update_price
from suanli.client.quote import CourtQuote, JobQuote
from suanli.client.records import NOT_FILED, DealRecord, DealStage, Filing
from suanli.client.report import DealReport, Report, report_of
from suanli.client.results import Results
from suanli.client.run.run import Run
from suanli.client.terms import newest_verifier
from suanli.client.wallets import WalletMust, as_object
from suanli.verify import FolderFailed, ResultRefused

__all__ = [
    "MOST_SLIPPAGE",
    "NOT_FILED",
    "SEALED_TOLD",
    "Awaited",
    "BudgetTooSmall",
    "CameLate",
    "Candidate",
    "CaseEnded",
    "CaseMoved",
    "Challenged",
    "ClaimRefused",
    "Client",
    "ClientError",
    "Confirmed",
    "Corrected",
    "CourtQuote",
    "DealEnded",
    "DealRecord",
    "DealReport",
    "DealStage",
    "DuplicateJob",
    "ExecutorReport",
    "FellBack",
    "FellSilent",
    "Filing",
    "FolderFailed",
    "FoundMiner",
    "InvalidAmount",
    "JobBusy",
    "JobEvent",
    "JobQuote",
    "Ledger",
    "MarketExecutor",
    "MayDouble",
    "NobodyTakes",
    "NotChallenged",
    "Options",
    "Placed",
    "Progressed",
    "Rejected",
    "RelayTold",
    "Report",
    "ResultRefused",
    "Results",
    "Run",
    "TaskAccepted",
    "TasksFailed",
    "TermsChosen",
    "Trouble",
    "UnknownJob",
    "UnsuitableJob",
    "UpdatedPrice",
    "Waiting",
    "WalletAsked",
    "WalletMust",
    "WalletTooSmall",
    "adaptive_of",
    "as_object",
    "cases",
    "connect",
    "fees_of",
    "find_miner",
    "identity",
    "jobs",
    "newest_verifier",
    "offers",
    "places",
    "prices_lately",
    "pruning",
    "reach",
    "report_of",
    "rewards",
    "run",
    "sending",
    "update_price",
    "url_of",
]
