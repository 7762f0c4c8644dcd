"""What following a job's deals takes: the market, the ways to miners, the job and its ledger."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from suanli.base.accounts import Account
from suanli.chain import Block, Call, ContractError, Market, Sender, TransactionReverted
from suanli.client.events import PartEnded, WalletAsked
from suanli.client.ledger import Ledger, Part, Stage
from suanli.client.options import Options
from suanli.engine import Executor
from suanli.job import StoredJob
from suanli.protocol import Scale
from suanli.relay import RelayClient
from suanli.store import Store

BY_REQUESTER = ("cancel", "accept")
"""What the market lets no other address send."""


@dataclass
class Context:
    """`results`: a folder where miners leave results when there is no relay, or None. `secret`
    decides which tasks are run again. `closing`: the job was cancelled: no new deals, those that
    nobody took are called back."""

    market: Market
    account: Account
    sender: Sender
    relay: RelayClient | None
    store: Store
    results: Path | None
    job: StoredJob
    ledger: Ledger
    folder: Path
    options: Options
    scale: Scale
    pool: Callable[[], Executor]
    secret: bytes
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    closing: bool = False
    wallet: str | None = None
    """The contract account that is the requester, if one is."""
    _wanted: dict[str, WalletAsked] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)
    moved: bool = False
    """Whether something was sent that the chain will tell of: set here, reset by who looks."""

    def id_of(self, part: Part) -> bytes:
        return self.market.domain.request_id(part.request)

    def sent(self, call: Call[None], what: str, part: Part) -> bool:
        """Send; False if the market refuses, as when the other side was quicker."""
        key = f"{what}:{self.id_of(part).hex()}"
        if self.wallet is not None and what in BY_REQUESTER:
            self._wanted.setdefault(key, WalletAsked(part.number, self.wallet, call))
            return False
        new = self.sender.find(key) is None
        try:
            self.sender.execute(call, key)
        except (ContractError, TransactionReverted):
            return False
        self.moved = self.moved or new
        return True

    def asked_of_wallet(self) -> Iterator[WalletAsked]:
        """What it might send, each once."""
        new = [key for key in self._wanted if key not in self._asked]
        self._asked.update(new)
        yield from (self._wanted[key] for key in new)

    def end(self, part: Part, how: str, cost: int, why: str, seen: Block) -> PartEnded:
        """Nothing of the part is locked any more, as the block that was `seen` has it."""
        self.ledger.update(
            part, stage=Stage.ENDED, cost=cost, end=how, why=why, ended_at=seen.number
        )
        return PartEnded(part.number, part.miner, how, cost, why)
