"""The chain port's way out: transactions that are wanted, sent, and followed to their end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from suanli.chain import (
    Call,
    ChainError,
    ContractError,
    Court,
    GasTooHigh,
    NotSigned,
    RpcError,
    Sender,
    Sent,
    TransactionError,
    TransactionReverted,
)
from suanli.daemon import Orphans
from suanli.juror.core import (
    JurorAct,
    JurorObservation,
    SendAdvance,
    SendForSeat,
    SendToCourt,
    SendVote,
    SendWithdraw,
    VoteRefused,
)
from suanli.protocol import vote_commitment

TROUBLED = 10.0
"""Seconds until a transaction is tried again that could not be sent."""


@dataclass
class _WantedSend:
    send: SendToCourt
    call: Call[Any]
    sent: Sent | None = None
    not_before: float = float("-inf")


class CourtOutbox:
    """`trouble` hears what keeps something from being sent, "" when it is over; `say` what was
    done; `acted` that something ended."""

    def __init__(
        self,
        court: Court,
        sender: Sender,
        *,
        now: Callable[[], int],
        post: Callable[[JurorObservation], None],
        trouble: Callable[[str, str], None],
        say: Callable[[str], None],
        acted: Callable[[], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._court, self._sender, self._now, self._post = court, sender, now, post
        self._trouble, self._say, self._acted, self._monotonic = trouble, say, acted, monotonic
        self._wanted: dict[str, _WantedSend] = {}
        self._orphans = Orphans(sender)

    @property
    def busy(self) -> bool:
        return bool(self._wanted) or self._orphans.busy

    def want(self, send: SendToCourt) -> None:
        """Send it; what is under way already goes on as it is."""
        if send.key not in self._wanted:
            self._wanted[send.key] = _WantedSend(send, _call_of(self._court, self._sender, send))

    def push(self) -> None:
        """Send what is wanted, follow what was sent.

        Raises:
            TransportError, BadAnswer: the node is away.
        """
        self._orphans.find()
        for wanted in list(self._wanted.values()):
            self._go_on(wanted)
        self._orphans.follow()

    def _go_on(self, wanted: _WantedSend) -> None:
        if self._monotonic() < wanted.not_before:
            return
        send = wanted.send
        try:
            if wanted.sent is None:
                wanted.sent = self._sender.send(wanted.call, send.key)
            receipt = self._sender.poll(wanted.sent)
        except (ContractError, GasTooHigh, TransactionReverted) as error:
            self._refused(wanted, error)
        except (TransactionError, RpcError, NotSigned) as error:
            self._trouble(send.act, str(error))
            wanted.sent, wanted.not_before = None, self._monotonic() + TROUBLED
        else:
            if receipt is not None:
                self._trouble(send.act, "")
                self._say(f"{_told(send)}: block {receipt.block}, {receipt.gas_used:,} gas")
                self._done(send)

    def _refused(self, wanted: _WantedSend, error: ChainError) -> None:
        """What others did first needs no word: the court says that nothing is due any more."""
        send = wanted.send
        if isinstance(send, SendVote):
            self._post(VoteRefused(self._now(), send.act, send.id, str(error)))
        elif not isinstance(send, SendAdvance):
            self._trouble(send.act, str(error))
        self._done(send)

    def _done(self, send: SendToCourt) -> None:
        del self._wanted[send.key]
        self._acted()


def _call_of(court: Court, sender: Sender, send: SendToCourt) -> Call[Any]:
    match send:
        case SendVote(act=JurorAct.COMMIT):
            commitment = vote_commitment(*send.id, send.place, *send.vote, send.salt)
            return court.commit_vote(send.id.case, send.place, commitment)
        case SendVote():
            return court.reveal_vote(send.id.case, send.place, *send.vote, send.salt)
        case SendAdvance():
            return court.advance(send.request, send.case)
        case SendForSeat(act=JurorAct.LEAVE):
            return court.leave(send.position)
        case SendForSeat():
            return court.vacate(send.position)
        case SendWithdraw():
            return court.withdraw(sender.address, send.amount)
    raise AssertionError(send)


def _told(send: SendToCourt) -> str:
    match send:
        case SendVote():
            return f"0x{send.id.case.hex()[:8]}: {send.act} of place {send.place}"
        case SendAdvance():
            return f"0x{send.case.hex()[:8]}: did what was due"
        case SendForSeat():
            return f"{send.act} of seat {send.position}"
    return str(send.act)
