"""The chain port's way out: transactions that are wanted, sent, and followed to their end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from suanli.chain import (
    Call,
    ChainError,
    ContractError,
    GasTooHigh,
    Market,
    Receipt,
    RpcError,
    Sender,
    Sent,
    TransactionError,
    TransactionReverted,
)
from suanli.miner.core import (
    Act,
    Line,
    Observation,
    Refused,
    Send,
    SendForDeal,
    SendStake,
    Settings,
    Told,
)
from suanli.miner.ports.calls import call_of
from suanli.miner.ports.refusals import reason_of
from suanli.miner.staking import means_of, next_step

TROUBLED = 10.0
"""Seconds until a transaction is tried again that could not be sent."""


@dataclass
class _Wanted:
    send: Send
    call: Call[Any]
    sent: Sent | None = None
    not_before: float = float("-inf")


class Outbox:
    """`post` takes observations and lines of stories, `trouble` what keeps something from being
    sent, "" when it is over; `acted` hears that something ended."""

    def __init__(
        self,
        market: Market,
        sender: Sender,
        settings: Settings,
        *,
        now: Callable[[], int],
        post: Callable[[Observation | Line], None],
        trouble: Callable[[str, str], None],
        acted: Callable[[], None],
        say: Callable[[str], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._market, self._sender, self._settings = market, sender, settings
        self._now, self._post, self._trouble = now, post, trouble
        self._acted, self._say, self._monotonic = acted, say, monotonic
        self._wanted: dict[tuple[Any, ...], _Wanted] = {}
        self._orphans: list[Sent] | None = None

    @property
    def busy(self) -> bool:
        return bool(self._wanted or self._orphans or self._orphans is None)

    @property
    def waiting(self) -> bool:
        """Whether anything is wanted whose effect is to be seen soon."""
        return bool(self._wanted)

    def want(self, send: Send) -> None:
        """Send it, and follow it with each `push`; what is under way already goes on as it is."""
        if isinstance(send, SendStake):
            self._stake(send)
        else:
            self._want(send, call_of(self._market, self._settings.miner, send))

    def _want(self, send: Send, call: Call[Any]) -> None:
        wanted = self._wanted.setdefault((send.act, send.subject), _Wanted(send, call))
        if wanted.sent is None and self._monotonic() >= wanted.not_before:
            self._attend(wanted)

    def _stake(self, send: SendStake) -> None:
        """Go one step further towards the capacity that is wanted."""
        self._acted()  # should the node be away, the next look must notice it, too
        miner, resource = self._settings.miner, send.resource
        means = means_of(self._market, miner, resource)
        step = next_step(self._market, miner, resource, min(send.capacity, means.running), means)
        if step is not None:
            call, text = step
            self._say(text)
            self._want(send, call)

    def push(self) -> None:
        """Send what is wanted, follow what was sent."""
        if self._orphans is None:
            self._orphans = self._sender.pending()
        for wanted in list(self._wanted.values()):
            if self._monotonic() >= wanted.not_before:
                self._attend(wanted)
        for sent in list(self._orphans):
            if self._is_over(sent):
                self._orphans.remove(sent)

    def _is_over(self, sent: Sent) -> bool:
        try:
            return self._sender.poll(sent) is not None
        except (ContractError, TransactionError):
            return True

    def _attend(self, wanted: _Wanted) -> None:
        send, done = wanted.send, False
        try:
            if wanted.sent is None:
                wanted.sent = self._sender.send(wanted.call, send.key)
                self._tell(send, Told.SENT, "", transaction=wanted.sent.transaction)
            receipt = self._sender.poll(wanted.sent)
            if receipt is None:
                return
            self._trouble(self._named(send), "")
            self._tell(send, Told.MINED, "", **_of_receipt(receipt))
            done = True
        except (ContractError, TransactionReverted, GasTooHigh) as error:
            if wanted.sent is not None and isinstance(error, ContractError):
                wanted.sent = None
            self._refuse(send, error)
        except (TransactionError, RpcError) as error:
            self._trouble(self._named(send), str(error))
            if wanted.sent is not None or send.act is not Act.CONFIRM:
                self._tell(send, Told.DELAYED, str(error))
                wanted.sent, wanted.not_before = None, self._monotonic() + TROUBLED
                return
            # Nothing was sent: the request must not hold capacity meanwhile.
            self._refuse(send, error)
        del self._wanted[send.act, send.subject]
        # What waits for its effect must not wait for the next full look, or a further block.
        self._acted()
        if done and isinstance(send, SendStake):
            self._stake(replace(send, key=send.key + "+"))

    def _named(self, send: Send) -> str:
        """The act, and which class it is of where that is a question."""
        if isinstance(send.subject, int) and len(self._settings.sales) > 1:
            return f"{send.act} (class {send.subject})"
        return send.act

    def _refuse(self, send: Send, error: ChainError) -> None:
        reason = reason_of(error)
        if isinstance(error, TransactionReverted):
            self._tell(send, Told.FAILED, str(reason), **_of_receipt(error.receipt))
        if isinstance(send, SendForDeal):
            self._post(Refused(self._now(), send.id, send.act, reason))
        else:
            self._trouble(self._named(send), reason.text)

    def _tell(self, send: Send, told: Told, because: str, **more: str | int) -> None:
        """A line for the deal's story. What is heard of twice, as after a restart, is told once."""
        if isinstance(send, SendForDeal):
            once = f"{told}:{send.act}:{more.get('transaction', '')}"
            line = Line(send.id, self._now(), told, because, {"act": send.act, **more}, once)
            self._post(line)


def _of_receipt(receipt: Receipt) -> dict[str, str | int]:
    return {
        "transaction": receipt.transaction,
        "block": receipt.block,
        "gas": receipt.gas_used,
        "cost": str(receipt.cost),
    }
