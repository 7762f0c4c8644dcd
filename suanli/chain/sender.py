"""Sending transactions: each once, below a bound on fees, through faults and restarts.

What is to be sent is simulated first, so that a refusal costs nothing; written down before it is
handed over, so that a restart goes on with it; and followed until enough blocks confirm it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from eth_utils.crypto import keccak

from suanli.chain.broadcast import broadcast
from suanli.chain.contract import Call, asked, explain
from suanli.chain.errors import (
    BadAnswer,
    ChainError,
    ContractError,
    FeeTooHigh,
    GasTooHigh,
    InsufficientFunds,
    NonceConflict,
    NotSigned,
    RpcError,
    TransactionError,
    TransactionReverted,
    TransactionTimeout,
    TransportError,
)
from suanli.chain.fees import Fees, GasPrice
from suanli.chain.journal import Attempt, JournalEntry, Status, TransactionJournal
from suanli.chain.node import BlockName, Node, Receipt
from suanli.protocol import Signer

MOST_NONCES = 5
"""Tried for one entry before another sender is reported."""
MOST_FILLED = 16
"""Nonces filled in a gap before the journal is taken for another chain's."""
LATE_BLOCKS, LATE_LEAST, LATE_SECONDS = 3, 5.0, 60.0
"""A receipt may show up so many blocks later than the count of its nonce, or so many seconds where
blocks come faster; a minute at most."""
TRANSFER_GAS = 21_000
PARTS = "parts:"
"""Begins the key of what is made of several."""
FILL = "fill nonce"


@dataclass(frozen=True)
class Sent:
    """Something sent; `transaction` is the first hash, the receipt may name a replacement's."""

    id: int
    name: str
    key: str | None
    transaction: str

    @property
    def parts(self) -> list[str]:
        """The keys of what it is made of, in order, if it is made of several."""
        whole = self.key or ""
        return whole.removeprefix(PARTS).split(",") if whole.startswith(PARTS) else []


class Sender:
    """Sends from an account. Threads may share it, and processes its journal: one at a time takes
    a nonce.

    `confirmations`: how many blocks, its own included, make a transaction final. After
    `stuck_after` seconds without being mined it is sent again for a higher fee.
    """

    def __init__(
        self,
        node: Node,
        account: Signer,
        journal: TransactionJournal | None = None,
        fees: Fees | None = None,
        confirmations: int = 1,
        stuck_after: float = 30.0,
        poll_every: float = 0.5,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.node, self.address = node, account.address
        self.fees = fees or Fees()
        self._account, self._journal = account, journal or TransactionJournal()
        self._confirmations, self._stuck_after = confirmations, stuck_after
        self._poll_every, self._clock, self._sleep = poll_every, clock, sleep
        self._chain_id = node.chain_id()
        self._displaced: dict[int, tuple[int, float]] = {}
        """By entry: at which block and when its nonce was first found used."""
        self._unclear: dict[int, ChainError] = {}
        """By entry: what the node said last when it was handed over."""

    def __repr__(self) -> str:
        return f"Sender({self.address})"

    def execute(self, call: Call[Any], key: str | None = None, timeout: float = 300.0) -> Receipt:
        """`send`, then `wait`."""
        return self.wait(self.send(call, key), timeout)

    def send(self, call: Call[Any], key: str | None = None, gas: int | None = None) -> Sent:
        """Simulate, write down, hand over; does not wait.

        With a `key` it is done once only: while an entry of this key is open or done, that one is
        returned and nothing is sent. `gas`: the limit, of what needs no simulation.

        Raises:
            ContractError: the contract would refuse; nothing was sent.
            FeeTooHigh, GasTooHigh, InsufficientFunds: nothing was sent.
            NonceConflict: another program sends from this account.
            TransportError, RpcError, BadAnswer: the node failed, or refused; nothing was sent.
            NotSigned: who keeps the key did not sign; nothing was sent.
        """
        with self._journal.alone:
            known = key and self._journal.find(self._chain_id, self.address, key)
            if known:
                return _sent(known)
            gas = gas or self.estimate(call)
            price = self.fees.now(self.node, call.name)
            self._require_funds(gas * price.max_fee + call.value)
            attempt = self._sign(call.to, call.data, call.value, gas, self.next_nonce(), price)
            entry = self._journal.add(
                self._chain_id,
                self.address,
                key,
                call.name,
                call.to,
                call.data,
                call.value,
                gas,
                self._clock(),
                attempt,
            )
            self._hand_over(entry)
            return _sent(entry)

    def send_parts(self, call: Call[Any], keys: Sequence[str], gas: int) -> Sent:
        """`send` of a call that is made of several, each with its key, and was estimated in parts:
        `find_part` finds it by any of them."""
        return self.send(call, PARTS + ",".join(keys), gas)

    def find_part(self, key: str) -> tuple[Sent, int] | None:
        """The newest call sent that has a part of this key and has not failed, and which one."""
        entry = self._journal.find_part(self._chain_id, self.address, key)
        if entry is None:
            return None
        sent = _sent(entry)
        return sent, sent.parts.index(key)

    def estimate(self, call: Call[Any]) -> int:
        """The gas to allow for a call. Raises what `send` raises before anything is sent."""
        return self._simulate(call.name, call.to, call.data, call.value) + call.more_gas

    def poll(self, sent: Sent) -> Receipt | None:
        """Look once, do what is to be done, return the receipt once it is final. Never waits.

        Raises:
            TransactionReverted: it was mined and failed; `reason` says why.
            ContractError: its nonce was used elsewhere, and by now the contract would refuse.
            NonceConflict: that happened too often.
            TransportError, RpcError, BadAnswer: nothing is known; poll again.
            NotSigned: who keeps the key did not sign what would help it; it may be mined yet.
        """
        return self._poll(self._journal.get(sent.id))

    def wait(self, sent: Sent, timeout: float = 300.0) -> Receipt:
        """Poll until it is final, through faults of the node.

        Raises:
            TransactionTimeout: not within `timeout` seconds; it may still be mined.
            TransactionReverted, ContractError, NonceConflict: as `poll`.
        """
        ends = self._clock() + timeout
        while True:
            fault: ChainError | None = None
            try:
                receipt = self.poll(sent)
                if receipt is not None:
                    return receipt
            except (TransportError, BadAnswer, RpcError) as error:
                fault = error
            if self._clock() >= ends:
                cause = fault or self._unclear.get(sent.id)
                raise TransactionTimeout(sent.name, sent.transaction, timeout) from cause
            self._sleep(self._poll_every)

    def pending(self) -> list[Sent]:
        """What was sent and is not final, oldest first: after a restart, wait for these."""
        return [_sent(entry) for entry in self._open()]

    def find(self, key: str) -> Sent | None:
        """What was sent under this key and has not failed."""
        entry = self._journal.find(self._chain_id, self.address, key)
        return _sent(entry) if entry else None

    def signed(self, transaction: str) -> bool:
        """Whether the transaction of this hash is one of its own: one that failed or was refused
        may be mined after all, as when the chain is reorganized."""
        return self._journal.signed(transaction)

    def next_nonce(self) -> int:
        """Of the next transaction: after those mined, those in the pool, and those written down.

        Raises:
            BadAnswer: the node counts many more than it can know of; they would block the account.
        """
        written = max((entry.last.nonce + 1 for entry in self._open()), default=0)
        pending = self.node.nonce(self.address, "pending")
        known = max(self.node.nonce(self.address, "latest"), written)
        if pending > known + MOST_FILLED:
            why = f"it counts {pending} transactions of {self.address}, {known} are known"
            raise BadAnswer("eth_getTransactionCount", why)
        return max(pending, written)

    # Before it is sent

    def _simulate(self, name: str, to: str | None, data: bytes, value: int) -> int:
        """The gas to allow; raises what the contract would refuse with."""
        # What is still pending may be what makes this call possible.
        block: BlockName = "pending" if self._open() else "latest"
        asked(self.node, to, data, self.address, block, value)
        try:
            estimate = self.node.estimate_gas(to, data, self.address, block, value)
        except RpcError as error:
            refusal = explain(error)
            if refusal is None:
                raise
            raise refusal from error
        if self.fees.most_gas is not None and estimate > self.fees.most_gas:
            raise GasTooHigh(name, estimate, self.fees.most_gas)
        return self.fees.gas(estimate)

    def _require_funds(self, needed: int) -> None:
        balance = self.node.balance(self.address)
        if balance < needed:
            raise InsufficientFunds(self.address, balance, needed)

    def _sign(
        self, to: str | None, data: bytes, value: int, gas: int, nonce: int, price: GasPrice
    ) -> Attempt:
        fields = {
            "type": 2,
            "chainId": self._chain_id,
            "nonce": nonce,
            "gas": gas,
            "maxFeePerGas": price.max_fee,
            "maxPriorityFeePerGas": price.tip,
            "value": value,
            "data": data,
        }
        raw = self._account.sign_transaction(fields | ({"to": to} if to else {}))
        return Attempt("0x" + keccak(raw).hex(), nonce, raw, price)

    def _again(self, entry: JournalEntry, nonce: int, gas: int, price: GasPrice) -> JournalEntry:
        """Sign the entry anew and write that down."""
        attempt = self._sign(entry.target, entry.data, entry.value, gas, nonce, price)
        self._journal.retry(entry.id, attempt, gas, self._clock())
        return self._journal.get(entry.id)

    def _hand_over(self, entry: JournalEntry) -> None:
        """Send the newest attempt. What is not certainly refused stays open: it may be mined."""
        try:
            self._note(entry, broadcast(self.node, entry.last.raw))
        except RpcError:
            if self.node.knows(entry.last.hash):
                return
            self._journal.mark(entry.id, Status.FAILED)
            raise

    def _note(self, entry: JournalEntry, unclear: ChainError | None) -> None:
        if unclear is None:
            self._unclear.pop(entry.id, None)
        else:
            self._unclear[entry.id] = unclear

    # After it was sent

    def _open(self) -> list[JournalEntry]:
        return self._journal.open(self._chain_id, self.address)

    def _receipt(self, entry: JournalEntry) -> Receipt | None:
        for attempt in reversed(entry.attempts):
            receipt = self.node.receipt(attempt.hash)
            if receipt is not None:
                return receipt
        return None

    def _poll(self, entry: JournalEntry, behind: str = "") -> Receipt | None:
        """`behind`: the call that waits for it, and looks after all that was sent earlier."""
        receipt = self._receipt(entry)
        if receipt is not None:
            return self._conclude(entry, receipt)
        with self._journal.alone:
            entry = self._journal.get(entry.id)  # another process may have pushed it
            if entry.status is Status.FAILED:
                raise TransactionError(f"{entry.name} was refused: send it anew")
            if entry.status is Status.DONE:  # reorganized away after it was final
                self._journal.mark(entry.id, Status.OPEN)
            self._push(entry, behind)
        return None

    def _conclude(self, entry: JournalEntry, receipt: Receipt) -> Receipt | None:
        """The receipt if it is final; raises TransactionReverted if it says so."""
        block = self.node.block(receipt.block)
        if block is None or block.hash != receipt.block_hash:
            return None  # of a block that was reorganized away
        if self.node.head().number - receipt.block + 1 < self._confirmations:
            return None
        self._displaced.pop(entry.id, None)
        self._unclear.pop(entry.id, None)
        if receipt.succeeded:
            self._journal.mark(entry.id, Status.DONE)
            return receipt
        self._journal.mark(entry.id, Status.FAILED)
        raise TransactionReverted(entry.name, receipt, self._reason(entry, receipt))

    def _reason(self, entry: JournalEntry, receipt: Receipt) -> ChainError | None:
        """Why it failed: what the same call meets on the block that it failed in."""
        with suppress(ChainError):
            try:
                asked(self.node, entry.target, entry.data, self.address, receipt.block, entry.value)
            except ContractError as error:
                return error
        if receipt.gas_used >= entry.gas:
            return ChainError(f"it ran out of its {entry.gas} gas: send it anew")
        return None

    def _push(self, entry: JournalEntry, behind: str) -> None:
        """Help what is not mined: hand it over again, raise its fee, or renew its nonce."""
        nonce, head = entry.last.nonce, self.node.head().number
        mined = self.node.nonce(self.address, head)
        if mined > nonce:
            final = max(head - self._confirmations + 1, 0)
            if self.node.nonce(self.address, final) > nonce:
                self._displace(entry, head)
            return
        self._displaced.pop(entry.id, None)
        # A clock that was set back must not keep it waiting.
        stuck = not 0 <= self._clock() - entry.sent < self._stuck_after
        if stuck and mined == nonce and self._raise_fee(entry, behind):
            return
        if not self.node.knows(entry.last.hash):
            self._offer(entry)
        if stuck and mined < nonce and not behind:
            self._push_earlier(entry)

    def _displace(self, entry: JournalEntry, head: int) -> None:
        """Its nonce is used: by another program, unless a receipt shows up after all.

        Only some blocks and seconds or a minute later is that believed, since of the nodes behind a
        balancer one may know of the nonce long before another knows of the receipt.
        """
        if self._receipt(entry) is not None or any(self.node.knows(a.hash) for a in entry.attempts):
            self._displaced.pop(entry.id, None)
            return
        block, since = self._displaced.setdefault(entry.id, (head, self._clock()))
        waited = self._clock() - since
        few = head < block + LATE_BLOCKS or 0 <= waited < LATE_LEAST
        if few and waited < LATE_SECONDS:
            return
        if entry.name.startswith(FILL):  # somebody filled it
            self._journal.mark(entry.id, Status.FAILED)
            return
        self._require_few_nonces(entry)
        try:
            estimate = self._simulate(entry.name, entry.target, entry.data, entry.value)
            gas = max(estimate, entry.gas)  # of several parts, some may fail for want of it
            nonce, price = self.next_nonce(), self.fees.now(self.node, entry.name)
        except ContractError:
            self._journal.mark(entry.id, Status.FAILED)
            raise
        except FeeTooHigh:
            return  # it may be cheaper later
        del self._displaced[entry.id]
        self._hand_over(self._again(entry, nonce, gas, price))

    def _require_few_nonces(self, entry: JournalEntry) -> None:
        nonces = len({attempt.nonce for attempt in entry.attempts})
        if nonces >= MOST_NONCES:
            self._journal.mark(entry.id, Status.FAILED)
            raise NonceConflict(self.address, nonces)

    def _raise_fee(self, entry: JournalEntry, behind: str) -> bool:
        """Replace it by one that bids more, if the bound on fees allows."""
        names = (entry.name, behind)
        try:
            price = self.fees.raised(entry.last.price, self.fees.now(self.node, *names), *names)
        except FeeTooHigh:
            price = None
        if price is None:
            self._journal.touch(entry.id, self._clock())
            return False
        try:
            entry = self._again(entry, entry.last.nonce, entry.gas, price)
        except NotSigned:  # what was signed first may be mined all the same
            self._journal.touch(entry.id, self._clock())
            return False
        self._offer(entry)
        return True

    def _offer(self, entry: JournalEntry) -> None:
        """Hand it over once more; a refusal changes nothing, it may pass later."""
        try:
            self._note(entry, broadcast(self.node, entry.last.raw))
        except RpcError as error:
            self._note(entry, error)

    def _push_earlier(self, entry: JournalEntry) -> None:
        """It waits for earlier nonces: help what was sent with them, fill those that are lost."""
        earlier = [other for other in self._open() if other.last.nonce < entry.last.nonce]
        for other in earlier:
            # Whoever sent it learns how it ended by polling it, too.
            with suppress(TransactionError, ContractError):
                self._poll(other, behind=entry.name)
        first = min([entry.last.nonce, *(other.last.nonce for other in earlier)])
        self._fill(self.node.nonce(self.address, "pending"), first, entry.name)

    def _fill(self, start: int, end: int, behind: str) -> None:
        """Send nothing to oneself with each lost nonce, as when a pool dropped them."""
        if end - start > MOST_FILLED:
            raise TransactionError(
                f"the transactions written down begin with nonce {end}, but {self.address} has sent"
                f" {start} only: is the journal another chain's? Then move it away"
            )
        for nonce in range(start, end):
            try:
                price = self.fees.now(self.node, behind)
            except FeeTooHigh:
                return  # it may be cheaper later
            attempt = self._sign(self.address, b"", 0, TRANSFER_GAS, nonce, price)
            entry = self._journal.add(
                self._chain_id,
                self.address,
                None,
                f"{FILL} {nonce}",
                self.address,
                b"",
                0,
                TRANSFER_GAS,
                self._clock(),
                attempt,
            )
            self._offer(entry)


def _sent(entry: JournalEntry) -> Sent:
    return Sent(entry.id, entry.name, entry.key, entry.attempts[0].hash)
