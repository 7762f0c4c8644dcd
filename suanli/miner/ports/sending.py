"""The chain port's way out: transactions that are wanted, sent, and followed to their end.

What may go together waits while a transaction of this kind is under way, for a bounded time, and
goes with others that came meanwhile. So what comes alone goes at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from suanli.chain import (
    Call,
    ChainError,
    ContractError,
    FeeTooHigh,
    GasTooHigh,
    Market,
    NotSigned,
    Receipt,
    RpcError,
    Sender,
    Sent,
    SignatureRefused,
    TransactionError,
    TransactionReverted,
)
from suanli.daemon import Orphans
from suanli.miner.core import (
    Act,
    ActRefused,
    Line,
    Observation,
    RewardStep,
    Send,
    SendForDeal,
    SendReward,
    SendStake,
    SendUpdate,
    Settings,
    Told,
)
from suanli.miner.ports.calls import call_of
from suanli.miner.ports.refusals import reason_of
from suanli.miner.staking import means_of, next_step

TROUBLED = 10.0
"""Seconds until a transaction is tried again that could not be sent."""
RESULTS = frozenset({Act.SUBMIT_RESULT, Act.SUBMIT_ACCEPTED})
"""What must be in time, and may cost more gas for it."""
TOGETHER = RESULTS | {Act.CONFIRM, Act.SETTLE, Act.COLLECT}
"""What may go in one transaction."""
NOT_LATER = frozenset({Act.CONFIRM, Act.UPDATE_PRICE, Act.REWARDS})
"""What is wanted anew, or not at all, if it could not be sent."""
DONE = {
    RewardStep.READ: "the reward pool read what is sold here, in epoch {epoch}",
    RewardStep.COLLECT: "the reward pool fetched its fees",
    RewardStep.PREPARE: "named the block that draws epoch {epoch} of the reward pool",
    RewardStep.DRAW: "drew epoch {epoch} of the reward pool",
    RewardStep.CLAIM: "the reward of epoch {epoch} was paid",
}
MOST_TOGETHER = 10
"""Calls of a transaction."""
MOST_ALONE = 10_000
"""Keys of what goes alone that are remembered: what is forgotten costs a failed transaction."""
PART_GAS, LEFT_GAS = 500_000, 560_000
"""What each of them may use, and what is left after the last: as `multicallSkip` wants it."""


@dataclass
class _Wanted:
    send: Send
    call: Call[Any]
    since: float
    not_before: float = float("-inf")
    parcel: _Parcel | None = None


@dataclass
class _Parcel:
    """A transaction, with those of its calls that are wanted, by their place in it. `several`: it
    is a multicall, though of one call perhaps."""

    sent: Sent
    wanted: dict[int, _Wanted]
    several: bool = False

    @property
    def count(self) -> int:
        """Of its calls, wanted or not."""
        return len(self.sent.parts) or 1


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
        self._parcels: dict[int, _Parcel] = {}
        self._orphans = Orphans(sender)
        self._alone: set[str] = set()
        """Keys of what was left out of a transaction of several, or was part of one that failed or
        was not signed."""

    @property
    def busy(self) -> bool:
        return bool(self._wanted) or self._orphans.busy

    @property
    def waiting(self) -> bool:
        """Whether anything is wanted whose effect is to be seen soon."""
        return bool(self._wanted)

    def want(self, send: Send) -> None:
        """Send it, or, if it may go with others, with the next `flush`; what is under way already
        goes on as it is."""
        if isinstance(send, SendStake):
            self._stake(send)
        else:
            self._want(send, call_of(self._market, self._settings, send))

    def _want(self, send: Send, call: Call[Any]) -> None:
        wanted = _Wanted(send, call, self._monotonic())
        wanted = self._wanted.setdefault((send.act, send.subject), wanted)
        if send.act not in TOGETHER and self._is_due(wanted):
            self._send_alone(wanted)

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
        self._orphans.find()
        for wanted in list(self._wanted.values()):
            if wanted.send.act not in TOGETHER and self._is_due(wanted):
                self._send_alone(wanted)
        self.flush()
        for parcel in list(self._parcels.values()):
            self._follow(parcel)
        self._orphans.follow()

    # Sending

    def flush(self) -> None:
        """Send what may go together, unless it waits for more."""
        waiting = []
        for wanted in list(self._wanted.values()):
            if wanted.send.act in TOGETHER and self._is_due(wanted):
                if wanted.send.key in self._alone:
                    self._send_alone(wanted)
                elif not self._went_already(wanted):
                    waiting.append(wanted)
        waiting = self._affordable(waiting)
        now = self._monotonic()
        under_way = any(
            wanted.send.act in TOGETHER
            for parcel in self._parcels.values()
            for wanted in parcel.wanted.values()
        )
        if not under_way or any(now >= wanted.since + wanted.send.waits for wanted in waiting):
            while waiting:
                self._send_some(waiting)
                waiting = [wanted for wanted in waiting if self._is_due(wanted)]

    def _affordable(self, waiting: list[_Wanted]) -> list[_Wanted]:
        """What need not be in time does not go along at a price that only results are worth."""
        calm = [wanted for wanted in waiting if wanted.send.act not in RESULTS]
        if not calm or len(calm) == len(waiting):
            return waiting
        try:
            self._sender.fees.now(self._sender.node)
        except FeeTooHigh as error:
            for wanted in calm:
                self._delay(wanted, error)
            return [wanted for wanted in waiting if wanted not in calm]
        return waiting

    def _is_due(self, wanted: _Wanted) -> bool:
        """Neither sent, nor over, nor to be tried again later."""
        here = self._wanted.get((wanted.send.act, wanted.send.subject)) is wanted
        return here and wanted.parcel is None and self._monotonic() >= wanted.not_before

    def _went_already(self, wanted: _Wanted) -> bool:
        """With others, before a restart or a reorganization: then that is followed."""
        found = self._sender.find_part(wanted.send.key)
        if found is not None:
            self._sent(found[0], {found[1]: wanted}, several=True)
        return found is not None

    def _send_some(self, waiting: Sequence[_Wanted]) -> None:
        """As many as may go in one transaction; what takes too much gas goes by itself."""
        together: list[_Wanted] = []
        gas = LEFT_GAS
        for wanted in waiting if len(waiting) > 1 else ():
            if len(together) == MOST_TOGETHER:
                break
            estimate = self._estimate(wanted)
            if estimate is not None and estimate <= PART_GAS:
                together.append(wanted)
                gas += estimate
            elif estimate is not None:
                self._send_alone(wanted)
        if len(together) > 1:
            self._send_together(together, gas)
        for wanted in together or waiting[:1]:
            if self._is_due(wanted):
                self._send_alone(wanted)

    def _estimate(self, wanted: _Wanted) -> int | None:
        """The gas to allow; None: it can't be sent."""
        try:
            return self._sender.estimate(wanted.call)
        except (ContractError, GasTooHigh) as error:
            self._refuse(wanted, error)
        except RpcError as error:
            self._delay(wanted, error)
        return None

    def _send_alone(self, wanted: _Wanted) -> None:
        send = wanted.send
        try:
            sent = self._sender.send(wanted.call, send.key)
        except (ContractError, GasTooHigh) as error:
            self._refuse(wanted, error)
        except (TransactionError, RpcError, NotSigned) as error:
            self._delay(wanted, error)
        else:
            self._follow(self._sent(sent, {0: wanted}))

    def _send_together(self, some: Sequence[_Wanted], gas: int) -> None:
        urgent = any(wanted.send.act in RESULTS for wanted in some)
        call = self._market.together([wanted.call for wanted in some], urgent=urgent)
        try:
            sent = self._sender.send_parts(call, [wanted.send.key for wanted in some], gas)
        except SignatureRefused:  # each by itself may be signed
            for wanted in some:
                self._goes_alone(wanted.send.key)
        except (TransactionError, RpcError, NotSigned) as error:
            for wanted in some:
                self._delay(wanted, error)
        else:
            self._follow(self._sent(sent, dict(enumerate(some)), several=True))

    def _sent(self, sent: Sent, some: dict[int, _Wanted], *, several: bool = False) -> _Parcel:
        parcel = self._parcels.setdefault(sent.id, _Parcel(sent, {}, several))
        for place, wanted in some.items():
            parcel.wanted[place], wanted.parcel = wanted, parcel
            self._tell(wanted.send, Told.SENT, "", transaction=sent.transaction)
        return parcel

    # Following

    def _follow(self, parcel: _Parcel) -> None:
        try:
            receipt = self._sender.poll(parcel.sent)
        except (ContractError, TransactionReverted) as error:
            self._failed(parcel, error)
        except (TransactionError, RpcError, NotSigned) as error:
            for wanted in self._take_apart(parcel):
                self._delay(wanted, error, sent=True)
        else:
            if receipt is not None:
                self._mined(parcel, receipt)

    def _take_apart(self, parcel: _Parcel) -> list[_Wanted]:
        del self._parcels[parcel.sent.id]
        for wanted in parcel.wanted.values():
            wanted.parcel = None
        return list(parcel.wanted.values())

    def _mined(self, parcel: _Parcel, receipt: Receipt) -> None:
        left_out = self._market.left_out(receipt) if parcel.several else {}
        places = list(parcel.wanted)
        for place, wanted in zip(places, self._take_apart(parcel), strict=True):
            send = wanted.send
            if (error := left_out.get(place)) is not None:
                self._goes_alone(send.key)
                self._refuse(wanted, error)
                continue
            self._trouble(self._named(send), "")
            self._tell(send, Told.MINED, "", **_of_receipt(receipt, parcel.count))
            self._done(wanted)
            if isinstance(send, SendUpdate):
                self._say(f"updated the price of class {send.resource}")
            if isinstance(send, SendReward):
                self._say(DONE[send.step].format(epoch=send.epoch))
            if isinstance(send, SendStake):
                self._stake(replace(send, key=send.key + "+"))

    def _failed(self, parcel: _Parcel, error: ContractError | TransactionReverted) -> None:
        for wanted in self._take_apart(parcel):
            if isinstance(error, TransactionReverted):
                paid = _of_receipt(error.receipt, parcel.count)
                self._tell(wanted.send, Told.FAILED, str(reason_of(error)), **paid)
            if parcel.several:  # whichever of them it was, the others are not to blame
                self._goes_alone(wanted.send.key)
            else:
                self._refuse(wanted, error)

    def _goes_alone(self, key: str) -> None:
        if len(self._alone) >= MOST_ALONE:
            self._alone.clear()
        self._alone.add(key)

    def _refuse(self, wanted: _Wanted, error: ChainError) -> None:
        send, reason = wanted.send, reason_of(error)
        if isinstance(send, SendForDeal):
            self._post(ActRefused(self._now(), send.id, send.act, reason))
        elif isinstance(send, SendReward) and isinstance(error, ContractError):
            # Mostly somebody else was faster, which is as good.
            self._say(f"rewards, {send.step} of epoch {send.epoch}: {reason.text}")
        else:
            self._trouble(self._named(send), reason.text)
        self._done(wanted)

    def _done(self, wanted: _Wanted) -> None:
        del self._wanted[wanted.send.act, wanted.send.subject]
        # What waits for its effect must not wait for the next full look, or a further block.
        self._acted()

    def _delay(self, wanted: _Wanted, error: ChainError, *, sent: bool = False) -> None:
        """It is tried again later; a confirmation that was not sent is not, since its request must
        not hold capacity meanwhile, nor an update of a price, which others may make meanwhile."""
        self._trouble(self._named(wanted.send), str(error))
        if wanted.send.act in NOT_LATER and not sent:
            self._refuse(wanted, error)
            return
        wanted.not_before = self._monotonic() + TROUBLED
        self._tell(wanted.send, Told.DELAYED, str(error))

    def _named(self, send: Send) -> str:
        """The act, and which class it is of where that is a question."""
        if isinstance(send.subject, int) and len(self._settings.sales) > 1:
            return f"{send.act} (class {send.subject})"
        return send.act

    def _tell(self, send: Send, told: Told, because: str, **more: str | int) -> None:
        """A line for the deal's story. What is heard of twice, as after a restart, is told once."""
        if isinstance(send, SendForDeal):
            once = f"{told}:{send.act}:{more.get('transaction', '')}"
            line = Line(send.id, self._now(), told, because, {"act": send.act, **more}, once)
            self._post(line)


def _of_receipt(receipt: Receipt, calls: int) -> dict[str, str | int]:
    """`gas` and `cost`: one call's share."""
    return {
        "transaction": receipt.transaction,
        "block": receipt.block,
        "gas": receipt.gas_used // calls,
        "cost": str(receipt.cost // calls),
        "calls": calls,
    }
