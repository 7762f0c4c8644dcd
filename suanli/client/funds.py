"""Deposits: just what the signed requests of all of an account's jobs may lock, never more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from suanli.base.database import Database, FileForm
from suanli.base.locking import Mutex
from suanli.chain import (
    Call,
    ContractError,
    Market,
    Sender,
    Token,
    TransactionError,
    TransactionTimeout,
    deposit_into,
)
from suanli.client.errors import WalletTooSmall
from suanli.client.wallets import WalletMust
from suanli.protocol import Signer, State

KEPT = 3_600
"""Seconds after its time for which a promise is kept: long forgotten by the chain."""
DEPOSITS = ("approve", "deposit", "depositWithPermit")
"""Transactions after which more is available."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS promises (
    request BLOB PRIMARY KEY,
    market TEXT NOT NULL,
    job TEXT NOT NULL,
    lock TEXT NOT NULL,
    confirm_by INTEGER NOT NULL
);
"""

FORM = FileForm(1, "promises", "SUANLI_SENT")


class Funds:
    """What a requester has available in the market, and what its jobs, whichever processes run
    them, promised to miners: both in base units. `account` is the requester's own, or its owner's
    if it is a contract; `place`: beginning of the names of its files."""

    def __init__(
        self, market: Market, sender: Sender, account: Signer, requester: str, place: Path
    ) -> None:
        self._market, self._sender, self._account = market, sender, account
        self._requester = requester
        self.alone = Mutex(place.with_suffix(".money.lock"))
        """Held while money is counted and promised."""
        with self.alone:
            self._db = Database(place.with_suffix(".money.sqlite"), _SCHEMA, form=FORM)
        self._token = Token(market.node, market.token())

    def close(self) -> None:
        self._db.close()

    def promise(self, job: str, locks: Mapping[bytes, tuple[int, int]]) -> None:
        """Requests by id, each with what it may lock, and until when it can be confirmed."""
        rows = [
            (request, self._market.address, job, str(lock), confirm_by)
            for request, (lock, confirm_by) in locks.items()
        ]
        over = self._market.node.head().time - KEPT
        with self._db.transaction() as db:
            db.execute("DELETE FROM promises WHERE confirm_by < ?", (over,))
            db.executemany("REPLACE INTO promises VALUES (?, ?, ?, ?, ?)", rows)

    def free(self) -> int:
        """What is available and not promised."""
        seen = self._market.node.head()
        available = self._market.at(seen.number).account_of(self._requester).available
        return max(0, available - self._promised("", seen.number, seen.time))

    def require(self, job: str, amount: int) -> int:
        """What must be deposited so that `amount` is there for a job, whatever others promised.

        Raises:
            WalletTooSmall: the account does not have it.
            WalletMust: it is a contract account, which has to deposit itself.
        """
        address, seen = self._requester, self._market.node.head()
        available = self._market.at(seen.number).account_of(address).available
        missing = max(0, amount + self._promised(job, seen.number, seen.time) - available)
        held = Token(self._market.node, self._token.address, seen.number).balance_of(address)
        if held < missing:
            show = self._token.show
            raise WalletTooSmall(
                f"{address} holds {show(held)}, but {show(missing)} must be deposited: send it"
                f" {show(missing - held)} more (on a local chain: suanli account fund), or lower"
                " the budget"
            )
        if missing:
            then = f"then: suanli job resume {job} --for {self._requester}" if job else ""
            self.require_key("deposit", self._deposit_calls(missing), then)
        return missing

    def require_key(self, what: str, calls: Sequence[Call[Any]], then: str = "") -> None:
        """Raises WalletMust: the calls are a contract account's, of which no key here sends."""
        if self._requester != self._account.address:
            why = f"only the contract account itself can {what}"
            raise WalletMust(why, self._requester, calls, then)

    def require_wallet(self, amount: int) -> None:
        """Raises WalletTooSmall: the account holds less."""
        held = self._token.balance_of(self._requester)
        if held < amount:
            show = self._token.show
            raise WalletTooSmall(f"{self._requester} holds {show(held)}, less than {show(amount)}")

    def make_available(self, job: str, amount: int) -> int:
        """Deposit what is missing of `amount` for a job; returns it.

        Raises:
            WalletTooSmall: nothing was sent.
            ChainError: as `Sender.execute`.
        """
        with self.alone:
            self._await_deposits()
            missing = self.require(job, amount)
            if missing:
                self.deposit(missing)
            return missing

    def deposit(self, amount: int) -> None:
        """By permit where the token knows permits.

        Raises:
            WalletMust: it is a contract account, which has to deposit itself.
            ChainError: as `Sender.execute`.
        """
        self.require_key("deposit", self._deposit_calls(amount))
        deposit_into(self._market, self._token, self._sender, self._account, amount)

    def _deposit_calls(self, amount: int) -> list[Call[Any]]:
        approve = self._token.approve(self._market.address, amount)
        return [approve, self._market.deposit(amount)]

    def _await_deposits(self) -> None:
        """Another process that was killed may have sent one."""
        for sent in self._sender.pending():
            if sent.name in DEPOSITS:
                try:
                    self._sender.wait(sent)
                except TransactionTimeout:
                    raise
                except (ContractError, TransactionError):
                    pass  # that it failed is the trouble of whoever sent it

    def _promised(self, job: str, block: int, now: int) -> int:
        """By all jobs but one: what they promised and the chain has not locked yet."""
        rows = self._db.rows(
            "SELECT request, lock FROM promises WHERE market = ? AND job != ? AND confirm_by >= ?",
            (self._market.address, job, now),
        )
        market = self._market.at(block)
        return sum(
            int(lock) for request, lock in rows if market.deal_of(request).state is State.NONE
        )
