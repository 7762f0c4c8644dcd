"""What carrying out a job's instructions takes: a session, the job, its folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from suanli.chain import BadAnswer, FeeTooHigh, RpcError, TransactionTimeout, TransportError
from suanli.client.records import DealRecord
from suanli.client.session import Session
from suanli.engine import Executor
from suanli.job import StoredJob
from suanli.relay import RelayError
from suanli.store import StoreUnavailable

TRANSIENT = (
    TransportError,
    RpcError,
    BadAnswer,
    FeeTooHigh,
    TransactionTimeout,
    StoreUnavailable,
    RelayError,
)
"""What may pass: a node, relay or store that is away, behind or talks nonsense; dear gas."""


@dataclass(frozen=True)
class Ways:
    """`pool`: runs tasks again; `secret`: the job's, of which others are made."""

    session: Session
    job: StoredJob
    folder: Path
    pool: Callable[[], Executor]
    secret: bytes

    @property
    def id(self) -> str:
        return self.folder.name

    def speaks_for(self, account: str, record: DealRecord) -> bool:
        """Whether this is the deal's miner: the address it had, or that of its successor."""
        known = account == record.miner
        return known or account == self.session.market.miner_of(record.request.miner)

    def id_of(self, record: DealRecord) -> bytes:
        return self.session.market.domain.request_id(record.request)
