"""A miner's side as a whole: its door, its channels, its chain, in one event loop."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from suanli.base.errors import SuanliError
from suanli.daemon import OUTAGES
from suanli.lease.channel import ChannelNews, channel_from_json
from suanli.lease.errors import BadPeer, LeaseError, LinkLost
from suanli.lease.host import core as c
from suanli.lease.host.desk import Desk, DeskServices
from suanli.lease.host.journal import MARK, HostJournal
from suanli.lease.host.ports import ChannelsPort, RoomsPort
from suanli.lease.rate import Rate
from suanli.lease.running import AGAIN, Errand, repeat
from suanli.lease.wire import (
    Carrier,
    Certificate,
    Control,
    Conversation,
    Secure,
    Strangers,
    accepting,
    control,
    listen,
    read,
    welcome,
)
from suanli.protocol import (
    Channel,
    Domain,
    InvalidMessage,
    Quote,
    SessionProof,
    Signed,
    Signer,
    sign,
    signed_from_json,
    signed_to_json,
    verify,
)

log = logging.getLogger("suanli.lease")
TICK = 0.25
TO_SPEAK = 10.0
"""Seconds in which a caller says what it wants."""
QUOTE_LASTS = 300
"""Seconds in which a channel can be opened with a quote."""
MOST_THREADS = 64
UNDONE_WITHIN = 3_600
"""Seconds after its closing for which a channel is kept: the chain may be reorganized."""


@dataclass(frozen=True)
class LeasedClass:
    """What is sold of a class: so many units, for at most so many seconds."""

    resource: int
    units: int
    longest: int
    unit_seconds: int


@dataclass(frozen=True)
class HouseServices:
    domain: Domain
    signer: Signer
    miner: int
    channels_at: str
    """The address of the payment channels."""
    decimals: int
    journal: HostJournal
    rooms: RoomsPort
    chain: ChannelsPort
    certificate: Certificate
    classes: tuple[LeasedClass, ...]
    now: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000
    poll: float = 1.0
    host: str = "127.0.0.1"
    port: int | None = None
    """Where callers are taken; None: nowhere."""
    relays: tuple[str, ...] = ()
    """Through which callers come, too."""
    ahead: Callable[[str], float] = lambda relay: 0.0
    """Seconds by which a relay's clock is ahead of this machine's."""
    errands: tuple[Errand, ...] = ()
    draining: Callable[[], bool] = lambda: False
    """Whether nothing new is taken."""


class House:
    """`run` it in an event loop of its own."""

    def __init__(self, services: HouseServices) -> None:
        self._services = services
        self._threads = ThreadPoolExecutor(MOST_THREADS, "lease")
        self.desks: dict[bytes, Desk] = {}
        self._closed: dict[bytes, tuple[Desk, int]] = {}
        """Channels that are closed, and since when the chain says so."""
        self._closings: asyncio.Queue[tuple[Channel, int, bytes]] = asyncio.Queue()
        self._strangers = Strangers()
        self._looking, self._looked = asyncio.Lock(), 0.0
        self._desk_services = DeskServices(
            services.domain,
            services.journal,
            services.rooms,
            self._threads,
            lambda *closing: self._closings.put_nowait(closing),
            services.now,
            services.chain.now,
        )
        self.port = 0
        """Where it listens, once it does."""
        self.ready = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Raises what ends it."""
        if self._services.journal.fact(MARK) is None:
            # Whatever is opened from here on is found, also if this is down by then.
            self._services.journal.note(**{MARK: self._services.chain.mark()})
        for channel, record in self._services.journal.channels():
            desk = self._desk(channel, record)
            if channel.stage is c.HostStage.CLOSED:
                self._put_aside(desk)
            else:
                desk.see(c.Restarted)
        try:
            async with asyncio.TaskGroup() as tasks:
                works = [self._tick(), self._follow(), self._close()]
                works += [repeat(one, self._threads, log.warning) for one in self._services.errands]
                for relay in self._services.relays:
                    take = partial(self.take, relay=relay)
                    prove = partial(self._prove, relay)
                    works.append(listen(relay, prove, take, log.warning))
                if self._services.port is not None:
                    works.append(self._listen(self._services.port))
                else:
                    self.ready.set()
                running = [tasks.create_task(work) for work in works]
                await stop.wait()
                for task in running:
                    task.cancel()
        finally:
            await asyncio.gather(*(desk.stop() for desk in self.desks.values()))
            self._threads.shutdown(wait=False)

    def _desk(self, channel: c.HostedChannel, record: Channel) -> Desk:
        made = Desk(channel, record, self._desk_services)
        self.desks[channel.id] = made
        return made

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            for desk in list(self.desks.values()):
                try:
                    desk.tick()
                except Exception:  # the others go on
                    log.exception("a channel's room is ended")
                    desk.give_up()

    def _prove(self, relay: str) -> Signed[SessionProof]:
        """That it is this miner who listens at the relay, dated by its clock."""
        services = self._services
        key, issued = services.signer, int(time.time() + services.ahead(relay))
        made = SessionProof(key.address, services.miner, bytes(32), issued, bytes(32))
        return sign(services.domain, made, key)

    # The chain

    async def _follow(self) -> None:
        while True:
            try:
                await self.look()
            except OUTAGES as error:
                log.warning("the chain is away: %s", error)
                await asyncio.sleep(AGAIN)
            await asyncio.sleep(self._services.poll)

    async def look(self) -> None:
        """What is new on chain; once for all who ask meanwhile."""
        loop, chain = asyncio.get_running_loop(), self._services.chain
        asked = loop.time()
        async with self._looking:
            if self._looked > asked:
                return  # somebody has begun since, and is done
            self._looked = loop.time()
            news = await loop.run_in_executor(self._threads, chain.news)
            for one in news:
                self._heard(one)
            self._forget_old()
            if news:
                self._services.journal.note(**{MARK: chain.mark()})

    def _heard(self, news: ChannelNews) -> None:
        desk = self.desks.get(news.id) or self._back(news)
        if desk is None:
            if news.closed:
                return
            made = self._hosted(news)
            if made is None or news.record is None:
                return
            self._services.journal.save(made, news.record)
            desk = self._desk(made, news.record)
            log.info("channel 0x%s is open", news.id.hex()[:8])
        deposit = desk.channel.deposit if news.deposit is None else news.deposit
        ends, rate = self._time(desk, news)
        again = news.record is not None
        desk.see(c.ChannelMoved, deposit, ends, rate, again, over=news.over, closed=news.closed)
        if desk.channel.stage is c.HostStage.CLOSED:
            log.info("channel 0x%s is closed", news.id.hex()[:8])
            self._put_aside(desk)

    def _time(self, desk: Desk, news: ChannelNews) -> tuple[int, Rate | None]:
        """Until when it is served, and for what from then on that was added."""
        known, quote = desk.channel.ends, desk.record.quote
        if news.ends is None:
            return known, None
        if news.price is None or news.ends <= known:
            # Time whose price was not told is not served.
            return min(known, news.ends), None
        sold = self._sold(quote.resource)
        if sold is None:
            return known, None
        added = Rate.of(news.price, quote.units, sold.unit_seconds, self._services.decimals)
        served = max(0, known - desk.record.opened_at) * 1_000
        return news.ends, desk.channel.rate.extended(served, added)

    def _put_aside(self, desk: Desk) -> None:
        self.desks.pop(desk.channel.id, None)
        self._closed[desk.channel.id] = desk, self._services.chain.now()

    def _back(self, news: ChannelNews) -> Desk | None:
        """A channel that was closed, and is not any more."""
        if news.closed or news.id not in self._closed:
            return None
        desk, _ = self._closed.pop(news.id)
        self.desks[news.id] = desk
        log.warning("the chain has undone the end of channel 0x%s", news.id.hex()[:8])
        return desk

    def _forget_old(self) -> None:
        before = self._services.chain.now() - UNDONE_WITHIN
        for id_ in [id_ for id_, (_, since) in self._closed.items() if since < before]:
            desk, _ = self._closed.pop(id_)
            self._services.chain.forget(desk.record)
            self._services.journal.forget(id_)

    def _sold(self, resource: Any) -> LeasedClass | None:
        return next((one for one in self._services.classes if one.resource == resource), None)

    def _hosted(self, news: ChannelNews) -> c.HostedChannel | None:
        """None: of a class that is not sold any more, or never was by sessions."""
        if news.record is None:
            return None
        quote, price = news.record.quote, news.record.price
        sold = self._sold(quote.resource)
        if sold is None or not quote.units:
            return None
        rate = Rate.of(price, quote.units, sold.unit_seconds, self._services.decimals)
        ends = news.record.opened_at + quote.duration
        return c.HostedChannel(news.id, quote.signer, rate, news.record.deposit, ends)

    async def _close(self) -> None:
        """On chain, one after another, until it is done."""
        loop = asyncio.get_running_loop()
        while True:
            closing = await self._closings.get()
            try:
                await loop.run_in_executor(self._threads, self._services.chain.close, *closing)
            except SuanliError as error:
                log.warning("a channel can't be closed yet: %s", error)
                loop.call_later(AGAIN, self._again, closing)

    def _again(self, closing: tuple[Channel, int, bytes]) -> None:
        record = closing[0]
        desk = self.desks.get(self._services.domain.digest(record.quote))
        if desk is not None:  # else somebody has closed it
            # The best voucher may be another by now.
            self._closings.put_nowait((record, desk.channel.amount, desk.channel.signature))

    # Callers

    async def _listen(self, port: int) -> None:
        async with accepting(self.take, self._services.host, port) as self.port:
            self.ready.set()
            await asyncio.Future()

    async def take(self, carrier: Carrier, relay: str = "") -> None:
        """Serve a caller until it is gone. `relay`: through which it came."""
        try:
            async with self._strangers.among(carrier):
                secure = await welcome(carrier, self._services.certificate)
                nonce = secrets.token_bytes(32)
                await secure.send(control("welcome", nonce=nonce.hex()))
                async with asyncio.timeout(TO_SPEAK):
                    found = read(await secure.receive())
                    admitted = await self._answer(secure, found, nonce)
            if admitted is not None:
                desk, have, room = admitted
                way = f"through relay {relay}" if relay else f"from {carrier.address}"
                log.info("channel 0x%s: its session comes %s", desk.channel.id.hex()[:8], way)
                talk = Conversation(secure, desk.hear)
                await desk.attach(talk, have, room)
        except (LinkLost, TimeoutError):
            pass
        except BadPeer as error:
            log.info("a caller breaks the protocol: %s", error)
        except Exception:  # the others go on
            log.exception("a session has ended by an error")
        finally:
            with suppress(LinkLost):
                await carrier.close()

    async def _answer(
        self, secure: Secure, found: Any, nonce: bytes
    ) -> tuple[Desk, int, int] | None:
        """The channel that the caller may use; None: it has its answer."""
        try:
            if isinstance(found, Control) and found.do == "quote":
                quote = self._quote(found.fields)
                signed = sign(self._services.domain, quote, self._services.signer)
                await secure.send(control("quoted", quote=signed_to_json(signed)))
                return None
            if isinstance(found, Control) and found.do == "attach":
                return await self._admit(found.fields, nonce)
            raise LeaseError("say `quote` or `attach`")
        except (InvalidMessage, LeaseError, KeyError, TypeError, ValueError) as error:
            await secure.send(control("refused", why=str(error)[:2_000]))
            return None

    def _quote(self, asked: dict[str, Any]) -> Quote:
        if self._services.draining():
            raise LeaseError("the miner takes nothing new: ask another")
        sold = self._sold(asked["resource"])
        if sold is None:
            raise LeaseError(f"class {asked['resource']} is not sold here by sessions")
        units, seconds = int(asked["units"]), int(asked["duration"])
        if not 0 < units <= sold.units:
            raise LeaseError(f"there are {sold.units} units at most, not {units}")
        if not 0 < seconds <= sold.longest:
            raise LeaseError(f"a session lasts {sold.longest} seconds at most, not {seconds}")
        return Quote(
            self._services.channels_at,
            str(asked["requester"]),
            str(asked["signer"]),
            self._services.miner,
            sold.resource,
            units,
            seconds,
            int(asked["nonce"]),
            self._services.chain.now() + QUOTE_LASTS,
        )

    async def _admit(self, asked: dict[str, Any], nonce: bytes) -> tuple[Desk, int, int]:
        signed = signed_from_json(SessionProof, asked["proof"])
        proof = signed.message
        known = proof.nonce == nonce and proof.miner == self._services.miner
        if not known or not verify(self._services.domain, signed):
            raise LeaseError("the proof is not for this connection")
        if proof.channel not in self.desks:
            record = channel_from_json(asked["record"])
            if self._services.domain.digest(record.quote) == proof.channel:
                await self.look()
        desk = self.desks.get(proof.channel)
        if desk is None:
            raise LeaseError("the chain knows of no such channel here, or it is closed")
        if proof.signer != desk.channel.signer:
            raise LeaseError("the channel has another signer")
        return desk, int(asked["have"]), int(asked["room"])
