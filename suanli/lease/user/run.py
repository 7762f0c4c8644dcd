"""A lease at work: connected while it can be, paid while it is served, its room used."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from suanli.lease.channel import channel_to_json
from suanli.lease.errors import BadPeer, LeaseError, LinkLost, LinkRefused
from suanli.lease.rate import Rate
from suanli.lease.user import core as u
from suanli.lease.user.ledger import LeaseLedger, RoomProgress, SessionPlace
from suanli.lease.user.work import RoomUse, Terminal
from suanli.lease.wire import Carrier, Control, Conversation, Secure, control, meet, read
from suanli.protocol import Domain, SessionProof, Signer, Voucher, sign, signed_to_json

LONGEST_PAUSE = 5.0
TO_SPEAK = 10.0
MOST_REFUSALS = 5
"""One after another, until a miner is given up that does not take the session."""
TO_END = 5.0
"""Seconds for a miner to hear that it ends."""


class Dial(Protocol):
    """MinerDial to a miner, one after another."""

    async def __call__(self, attempt: int) -> Carrier:
        """Raises LinkLost, LinkRefused."""


@dataclass
class RunServices:
    domain: Domain
    key: Signer
    """The channel's."""
    dial: Dial
    terminal: Terminal
    tell: Callable[[str], None]
    pause: float = 0.2
    """Seconds before the second attempt to connect; then more."""
    now: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000
    wall: Callable[[], float] = time.time


class MinerLeft(LeaseError):
    """The miner is not paid any more."""


class LeaseRun:
    def __init__(
        self, ledger: LeaseLedger, rate: Rate, channel: bytes, services: RunServices
    ) -> None:
        """`rate`: what time costs that was bought at first."""
        self._ledger, self._services, self._channel = ledger, services, channel
        self._place: SessionPlace = ledger.place
        record = ledger.record
        assert record is not None
        self._record, self._first = record, rate
        self.payments = ledger.payments(rate, self._place.step)
        self._talk: Conversation | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self.use: RoomUse | None = None
        self._using: asyncio.Task[None] | None = None
        self._code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._refusals = 0
        self._over, self._ended = False, asyncio.Event()

    async def run(self) -> int:
        """To the program's exit code; then the miner has been told that it ends.

        Raises:
            LeaseError: it can't go on, which the miner has been told.
            MinerLeft: with this miner, which has not.
        """
        try:
            async with asyncio.TaskGroup() as self._tasks:
                works = self._connect(), self._pass_time()
                running = [self._tasks.create_task(work) for work in works]
                try:
                    code = await self._code
                except LeaseError as error:
                    if not isinstance(error, MinerLeft):
                        await self._end()
                    raise
                await self._end()
                for task in running:
                    task.cancel()
        except BaseExceptionGroup as group:
            raise _first(group) from None
        return code

    def interrupt(self) -> None:
        """End without waiting for the program."""
        self._fail(LeaseError("interrupted"))

    # Paying

    def _see(self, kind: Callable[..., u.UserObservation], *more: Any, **fields: Any) -> None:
        if self._over:
            return  # nothing is signed any more
        before = self.payments
        after, done = u.step(before, kind(self._services.now(), *more, **fields))
        if after.signed != before.signed or after.room != before.room:
            self._ledger.save_payments(after)
        self.payments = after
        for instruction in done:
            self._do(instruction)

    def _do(self, instruction: u.UserInstruction) -> None:
        match instruction:
            case u.Pay(amount):
                signed = sign(
                    self._services.domain, Voucher(self._channel, amount), self._services.key
                )
                if self._talk is not None:
                    self._talk.post("voucher", voucher=signed_to_json(signed))
            case u.BeginAgain(room):
                if self._using is not None:
                    self._using.cancel()
                    self._using, self.use = None, None
                self._services.tell(f"the miner lost the room: begun again in another ({room})")
            case u.BudgetSpent():
                self._fail(LeaseError("the budget is used up, and the program has not ended"))
            case u.LeaveMiner(why):
                self._fail(MinerLeft(f"{why}: it is paid nothing more"))

    def _fail(self, error: LeaseError) -> None:
        if not self._code.done():
            self._code.set_exception(error)

    async def _pass_time(self) -> None:
        while True:
            await asyncio.sleep(self._place.step / 8_000)
            if (budget := self._ledger.budget) != self.payments.budget:
                self._services.tell("money was added")
                self._see(u.MoneyAdded, budget, self._ledger.rate(self._first))
            self._see(u.MomentPassed)

    # The connection

    async def _connect(self) -> None:
        pause, attempt = self._services.pause, 0
        while True:
            try:
                carrier = await self._services.dial(attempt)
                if await self._converse(carrier):
                    pause = self._services.pause
            except LinkRefused as error:
                self._refused(str(error))
            except (LinkLost, BadPeer) as error:
                if attempt == 0:
                    self._services.tell(f"{error}; trying again")
            attempt += 1
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _refused(self, why: str) -> None:
        self._refusals += 1
        self._services.tell(f"the miner refuses: {why}")
        if self._refusals >= MOST_REFUSALS:
            self._fail(MinerLeft(f"the miner refuses the session: {why}"))

    async def _converse(self, carrier: Carrier) -> bool:
        """Whether the session was taken up. Raises LinkLost, LinkRefused, BadPeer."""
        secure = await meet(carrier, bytes.fromhex(self._place.certificate))
        try:
            async with asyncio.timeout(TO_SPEAK):
                await self._attach(secure)
                found = await answer(secure, "attached")
        except TimeoutError:
            await secure.close()
            raise LinkLost("the miner says nothing") from None
        except BaseException:
            await secure.close()
            raise
        talk = Conversation(secure, self._hear)
        self._talk = talk
        try:
            self._met(found)
            await talk.run()
        finally:
            if self._talk is talk:
                self._talk = None
            self._see(u.Parted)
        return True

    async def _attach(self, secure: Secure) -> None:
        nonce = (await answer(secure, "welcome")).get("nonce")
        if not isinstance(nonce, str) or len(nonce) != 64:
            raise BadPeer("the miner gives no nonce")
        services = self._services
        proof = SessionProof(
            services.key.address,
            self._place.miner,
            self._channel,
            int(services.wall()),
            bytes.fromhex(nonce),
        )
        signed = signed_to_json(sign(services.domain, proof, services.key))
        progress = self._ledger.progress
        have = self.use.streams.incoming.done if self.use else progress.got
        room = self.use.progress.room if self.use else progress.room
        record = channel_to_json(self._record)
        await secure.send(control("attach", proof=signed, record=record, have=have, room=room))

    def _met(self, found: dict[str, Any]) -> None:
        room, have, first = (_whole(found, name) for name in ("room", "have", "next"))
        if self.use is not None and self.use.progress.room == room:
            self.use.streams.outgoing.resume(have)
            self._flow()
        self._see(u.Met, _whole(found, "served"), _amount(found), room)
        self._use(room, first)

    def _use(self, room: int, first: int) -> None:
        """Work in the room, unless that goes on already."""
        if not room or (self.use is not None and self.use.progress.room == room):
            return
        assert self._tasks is not None
        known = self._ledger.progress
        progress = known if known.room == room else RoomProgress(room)
        self.use = RoomUse(
            self._ledger,
            self._services.terminal,
            progress,
            first,
            lambda: self._see(u.AskedFor),
            lambda: self._see(u.Answered),
        )
        self._ledger.save_progress(progress)
        self._flow()
        self._using = self._tasks.create_task(self._work(self.use))

    def _flow(self) -> None:
        if self._talk is not None and self.use is not None:
            self._talk.stream(self.use.streams.outgoing, self.use.streams.incoming)

    async def _work(self, use: RoomUse) -> None:
        try:
            code = await use.run()
        except (LeaseError, OSError) as error:
            self._fail(error if isinstance(error, LeaseError) else LeaseError(str(error)))
            return
        if not self._code.done():
            self._code.set_result(code)

    def _hear(self, found: Control) -> None:
        match found.do:
            case "served":
                self._refusals = 0
                room = _whole(found.fields, "room")
                self._see(u.ServedTold, _whole(found.fields, "served"), _amount(found.fields), room)
                self._use(room, 0)
            case "refused":
                self._refused(str(found.fields.get("why"))[:500])
            case "ended":
                self._ended.set()

    async def _end(self) -> None:
        """Tell the miner, if it hears."""
        self._over = True
        if self._talk is not None:
            self._talk.post("end")
            with suppress(TimeoutError):
                async with asyncio.timeout(TO_END):
                    await self._ended.wait()


async def answer(secure: Secure, do: str) -> dict[str, Any]:
    """The fields of a control message; others before it are passed over."""
    while True:
        found = read(await secure.receive())
        if isinstance(found, Control) and found.do == "refused":
            raise LinkRefused(str(found.fields.get("why"))[:500])
        if isinstance(found, Control) and found.do == do:
            return found.fields


def _whole(fields: dict[str, Any], name: str) -> int:
    value = fields.get(name)
    if type(value) is not int or value < 0:
        raise BadPeer(f"no {name} where one must be")
    return value


def _amount(fields: dict[str, Any]) -> int:
    value = fields.get("paid")
    if not isinstance(value, str) or not value.isdecimal() or len(value) > 40:
        raise BadPeer("no amount where one must be")
    return int(value)


def _first(group: BaseExceptionGroup) -> BaseException:
    """Cancelled are those that another one's error ended."""
    for error in group.exceptions:
        return _first(error) if isinstance(error, BaseExceptionGroup) else error
    raise AssertionError
