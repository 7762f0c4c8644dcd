"""One channel at work: what its core decides is written down, then done."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

from suanli.base.database import DatabaseFailed
from suanli.base.errors import SuanliError
from suanli.lease.host import core as c
from suanli.lease.host.journal import HostJournal
from suanli.lease.host.ports import RoomPort, RoomsPort
from suanli.lease.host.room import RoomWork
from suanli.lease.wire import Control, Conversation
from suanli.protocol import Channel, Domain, InvalidMessage, Voucher, signed_from_json, verify

log = logging.getLogger("suanli.lease")
MOST_VOUCHERS = 20
"""In a second; one pays for seconds."""
SOON = 60.0
"""Seconds after a channel's end in which its room is ended at the latest, whatever else fails."""


@dataclass(frozen=True)
class DeskServices:
    """`close` is to have the channel closed on chain, `now` tells milliseconds."""

    domain: Domain
    journal: HostJournal
    rooms: RoomsPort
    threads: Executor
    close: Callable[[Channel, int, bytes], None]
    now: Callable[[], int]
    chain_now: Callable[[], int]


class Desk:
    """For the event loop's thread alone."""

    def __init__(self, channel: c.HostedChannel, record: Channel, services: DeskServices) -> None:
        self.channel, self.record = channel, record
        self._services, self._written = services, channel
        self._talk: Conversation | None = None
        self._work: RoomWork | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._halted = False
        self._second, self._vouchers = 0, 0

    # The core

    def see(self, kind: Callable[..., c.HostObservation], *more: Any, **fields: Any) -> None:
        """An observation made now."""
        before = self.channel
        self.channel, done = c.step(before, kind(self._services.now(), *more, **fields))
        stops = [one for one in done if isinstance(one, c.FreezeRoom)]
        for stop in stops:
            self._do(stop)  # it runs unpaid, and does not wait for the disk
        self._save(before)
        if self.channel.ends != before.ends and self._work is not None:
            self._work.last(self._lasts())
        for instruction in done:
            if instruction not in stops:
                self._do(instruction)
        self._set_timer()

    def tick(self) -> None:
        try:
            self.see(c.ClockTicked, self._services.chain_now())
        except DatabaseFailed as error:
            # What can't be written down is not served.
            if self._work is not None and not self._halted:
                self._halted = True
                self._still(self._work, self._work.freeze)
                log.warning("sessions stand still: %s", error)
            return
        if self._halted:
            self._halted = False
            if self._work is not None and self.channel.stage is c.HostStage.SERVING:
                self._still(self._work, self._work.thaw)

    def _save(self, before: c.HostedChannel) -> None:
        """Before anything is done. Served time alone is written now and then."""
        served = self.channel.served - self._written.served
        alike = replace(self.channel, served=0) == replace(self._written, served=0)
        if not alike or served >= c.TELL_EVERY or (served and self.channel.since is None):
            try:
                self._services.journal.save(self.channel, self.record)
            except BaseException:
                self.channel = before
                raise
            self._written = self.channel

    def _set_timer(self) -> None:
        """What is paid for must not be used beyond its end."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if (due := c.due(self.channel)) is not None:
            wait = max(0, due - self._services.now()) / 1_000
            self._timer = asyncio.get_running_loop().call_later(wait, self.tick)

    def _do(self, instruction: c.HostInstruction) -> None:
        match instruction:
            case c.OpenRoom(number):
                self._work = RoomWork(number)
                if self._talk is not None:
                    self._talk.stream(self._work.outgoing, self._work.incoming)
                self._spawn(self._open(self._work))
            case c.FreezeRoom() if self._work:
                self._still(self._work, self._work.freeze)
            case c.ThawRoom() if self._work:
                self._still(self._work, self._work.thaw)
            case c.EndRoom():
                self._end_room()
            case c.TellServed(served, amount, room):
                self._post("served", served=served, paid=str(amount), room=room)
            case c.TellRefused(why):
                self._refuse(why)
            case c.CloseChannel(amount, signature):
                self._services.close(self.record, amount, signature)

    def _post(self, do: str, **fields: Any) -> None:
        if self._talk is not None:
            self._talk.post(do, **fields)

    # The room

    async def _open(self, work: RoomWork) -> None:
        loop, quote, id_ = asyncio.get_running_loop(), self.record.quote, self.channel.id
        name = f"{id_.hex()[:16]}-{work.number}"
        make, seconds = self._services.rooms.make, self._lasts()
        try:
            room = await loop.run_in_executor(
                self._services.threads, make, name, quote.resource, quote.units, seconds
            )
        except (SuanliError, OSError) as error:
            log.warning("no room for channel 0x%s: %s", id_.hex()[:8], error)
            self.see(c.RoomLost, work.number, str(error))
            return
        work.begin(room)
        work.last(self._lasts())  # time may have been added meanwhile
        self._watch(work, room)
        self.see(c.RoomMade, work.number)

    def _lasts(self) -> float:
        """Seconds that a room has from now."""
        return max(0, self.channel.ends - self._services.chain_now()) + SOON

    def _watch(self, work: RoomWork, room: RoomPort) -> None:
        loop, fd = asyncio.get_running_loop(), room.ended

        def over() -> None:
            loop.remove_reader(fd)
            if self._work is work:
                self._end_room()
                self.see(c.RoomLost, work.number, "it has ended")

        loop.add_reader(fd, over)

        def unwatch() -> None:
            loop.remove_reader(fd)

        work.watched = unwatch

    def _still(self, work: RoomWork, act: Callable[[], None]) -> None:
        """A room that can't be stopped or go on is ended: none is served that is not paid."""
        try:
            act()
        except OSError as error:
            log.warning("a room can't be frozen or thawed, and is ended: %s", error)
            self._end_room()
            loop, why = asyncio.get_running_loop(), "it can't be stopped"
            loop.call_soon(self.see, c.RoomLost, work.number, why)

    def give_up(self) -> None:
        """After an error of this program: what is not understood is not served."""
        self._end_room()

    def _end_room(self) -> None:
        work, self._work = self._work, None
        if work is not None:
            work.watched()
            self._spawn(self._closed(work))

    async def _closed(self, work: RoomWork) -> None:
        try:
            await work.end()
        except (SuanliError, OSError) as error:
            log.error("a room of channel 0x%s is not ended: %s", self.channel.id.hex()[:8], error)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # The requester

    async def attach(self, talk: Conversation, have: int, room: int) -> None:
        """Until the connection ends. Raises BadPeer."""
        if self._talk is not None:
            self._talk.end()
        self._talk = talk
        self.see(c.Attached)
        work = self._work
        if self._talk is talk:  # else it was refused
            if work is not None and work.number == room:
                work.outgoing.resume(have)
            alive = work.number if work is not None else 0
            talk.post(
                "attached",
                have=work.incoming.done if work is not None else 0,
                next=work.incoming.have if work is not None else 0,
                room=alive,
                served=self.channel.served,
                paid=str(self.channel.amount),
            )
            if work is not None:
                talk.stream(work.outgoing, work.incoming)
        try:
            await talk.run()
        finally:
            if self._talk is talk:
                self._talk = None

    def hear(self, found: Control) -> None:
        match found.do:
            case "voucher":
                self._voucher(found.fields.get("voucher"))
            case "end":
                self.see(c.EndWanted)
                self._post("ended")

    def _voucher(self, value: Any) -> None:
        """One that its signer did not sign is as good as none."""
        if self._too_many():
            return self._refuse(f"more than {MOST_VOUCHERS} vouchers in a second")
        try:
            signed = signed_from_json(Voucher, value)
        except InvalidMessage as error:
            return self._refuse(f"this is no voucher: {error}")
        right = signed.signer == self.channel.signer and signed.message.channel == self.channel.id
        # An older one says nothing new, whoever signed it.
        new = signed.message.amount > self.channel.amount
        if not right or (new and not verify(self._services.domain, signed)):
            self._refuse("this is no voucher of this channel's signer")
            return
        self.see(c.VoucherCame, signed.message.amount, signed.signature)

    def _too_many(self) -> bool:
        """Vouchers in this second: each takes time of all channels."""
        now = self._services.now()
        if now >= self._second + 1_000:
            self._second, self._vouchers = now, 0
        self._vouchers += 1
        return self._vouchers > MOST_VOUCHERS

    def _refuse(self, why: str) -> None:
        """And end the connection."""
        self._post("refused", why=why)
        if self._talk is not None:
            self._talk.end()

    async def stop(self) -> None:
        """With the daemon."""
        if self._timer is not None:
            self._timer.cancel()
        if self._talk is not None:
            self._talk.end()
        self._end_room()
        await asyncio.gather(*self._tasks, return_exceptions=True)
