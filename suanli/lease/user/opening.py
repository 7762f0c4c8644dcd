"""From a wish to an open channel: quote, ledger, transaction; each step can be taken up again."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from suanli.base.accounts import Account
from suanli.chain import ContractError, TransactionReverted
from suanli.lease.channel import channel_to_json
from suanli.lease.errors import LeaseError, LinkLost, LinkRefused, Unreached
from suanli.lease.rate import Rate
from suanli.lease.user import run
from suanli.lease.user.core import LeaseStage
from suanli.lease.user.ledger import (
    MOST_STEP,
    Extension,
    LeaseLedger,
    SessionPlace,
    Wish,
    leases_in,
    shown,
)
from suanli.lease.user.onchain import RequesterChannels
from suanli.lease.wire import Carrier, call, connect_told, control, meet, quickest
from suanli.protocol import (
    Channel,
    ChannelStatus,
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

TO_QUOTE = 15.0
LOOKS_EVERY = 0.5
TO_CLOSE = 30.0
"""Seconds in which a miner that was told closes the channel."""


class MinerDial:
    """A `Dial`: the miner's addresses, then the relays, in turn. `quote` None: to ask for one.
    `tell` hears by which way it went, whenever that is another than before. `ahead`: seconds by
    which a relay's clock is ahead of this machine's."""

    def __init__(
        self,
        domain: Domain,
        place: SessionPlace,
        relays: Sequence[str],
        key: Signer,
        quote: Quote | None,
        through_relay: bool = False,
        tell: Callable[[str], None] = lambda text: None,
        ahead: Callable[[str], float] = lambda relay: 0.0,
    ) -> None:
        self._domain, self._place, self._tell, self._told = domain, place, tell, ""
        self._ahead = ahead
        self._key, self._quote = key, quote
        direct = () if through_relay else place.addresses
        self._ways = [*((way, False) for way in direct), *((relay, True) for relay in relays)]
        """With whether it is a relay."""
        if not self._ways:
            raise LeaseError("the miner tells no address, and there is no relay: name one")

    async def __call__(self, attempt: int) -> Carrier:
        """By one way, another with each attempt, and the next if that fails or lets wait."""
        count = len(self._ways)
        ways = [self._ways[(attempt + place) % count] for place in range(count)]
        place, carrier = await quickest([partial(self._by, *way) for way in ways])
        where, is_relay = ways[place]
        how = f"through relay {where}" if is_relay else f"straight to {where}"
        if how != self._told:
            self._told = how
            self._tell(f"the session goes {how}")
        return carrier

    async def _by(self, way: str, is_relay: bool) -> Carrier:
        if not is_relay:
            return await connect_told(way, self._domain.chain_id)
        channel = bytes(32) if self._quote is None else self._domain.digest(self._quote)
        issued = int(time.time() + self._ahead(way))
        made = SessionProof(self._key.address, self._place.miner, channel, issued, bytes(32))
        return await call(way, sign(self._domain, made, self._key), self._quote)

    @property
    def count(self) -> int:
        return len(self._ways)


async def ask(ways: MinerDial, domain: Domain, place: SessionPlace, wanted: Quote) -> Signed[Quote]:
    """The miner's signed quote: as wanted, but for until when it can be used.

    Raises:
        Unreached: the miner can't be.
        LeaseError: it gives another.
    """
    why = ""
    for attempt in range(ways.count):
        try:
            async with asyncio.timeout(TO_QUOTE):
                return await _asked(ways, attempt, domain, place, wanted)
        except (LinkLost, LinkRefused) as found:
            why = why or str(found)
        except TimeoutError:
            why = why or "it does not answer"
    raise Unreached(why)


async def _asked(
    ways: MinerDial, attempt: int, domain: Domain, place: SessionPlace, wanted: Quote
) -> Signed[Quote]:
    secure = await meet(await ways(attempt), bytes.fromhex(place.certificate))
    try:
        fields = {
            "resource": wanted.resource,
            "units": wanted.units,
            "duration": wanted.duration,
            "requester": wanted.requester,
            "signer": wanted.signer,
            "nonce": wanted.nonce,
        }
        await secure.send(control("quote", **fields))
        found = await run.answer(secure, "quoted")
    finally:
        await secure.close()
    try:
        signed = signed_from_json(Quote, found.get("quote"))
    except InvalidMessage as wrong:
        raise LeaseError(f"the miner's quote is none: {wrong}") from None
    alike = signed.message._replace(valid_until=wanted.valid_until) == wanted
    if not alike or signed.signer != place.account or not verify(domain, signed):
        raise LeaseError("the miner quotes something else than was asked for")
    return signed


async def begin(
    state: Path,
    domain: Domain,
    chain: RequesterChannels,
    account: Signer,
    place: SessionPlace,
    wish: Wish,
    unit_seconds: int,
    ways: Callable[[Signer], MinerDial],
) -> LeaseLedger:
    """A lease with its quote, written down; nothing is sent. Raises LeaseError, ChainError."""
    if place.step > MOST_STEP:
        raise LeaseError(
            f"miner {place.miner} wants {place.step / 1_000:,.0f} seconds to be paid ahead, where"
            f" {MOST_STEP // 1_000} are the most: ask another"
        )
    rate = Rate.of(
        wish.price, wish.units, unit_seconds, await asyncio.to_thread(chain.token.decimals)
    )
    if not rate.amount_down(place.step // 4):
        raise LeaseError(
            "a step costs less than the smallest amount of the token: lease more units"
        )
    raw = "0x" + secrets.token_hex(32)
    key = Account.from_key(raw)
    wanted = Quote(
        chain.channels.address,
        account.address,
        key.address,
        place.miner,
        wish.resource,
        wish.units,
        wish.seconds,
        await asyncio.to_thread(chain.next_nonce),
        0,
    )
    signed = await ask(ways(account), domain, place, wanted)
    name = domain.digest(signed.message).hex()[:10]
    ledger = LeaseLedger(leases_in(state) / name)
    ledger.note(
        wish=shown(wish),
        place=shown(place),
        key=raw,
        quote=signed_to_json(signed),
        unit_seconds=unit_seconds,
        begun=int(time.time()),
        stage=LeaseStage.QUOTED,
    )
    return ledger


def open_channel(ledger: LeaseLedger, chain: RequesterChannels) -> None:
    """Put the budget in and open the channel, unless that was done.

    Raises:
        LeaseError, ChainError: it is not open.
    """
    if ledger.stage not in (LeaseStage.QUOTED, LeaseStage.OPENING):
        return
    wish, signed = ledger.wish, signed_from_json(Quote, ledger.fact("quote"))
    if ledger.stage is LeaseStage.QUOTED:
        chain.fund(wish.budget)
    ledger.move(LeaseStage.OPENING)
    try:
        record = chain.open(signed, wish.budget, wish.price, f"open channel {ledger.name}")
    except (ContractError, TransactionReverted):
        ledger.move(LeaseStage.CLOSED)  # nothing was opened, and nothing is to be ended
        raise
    ledger.move(LeaseStage.OPEN, record=channel_to_json(record))


def rate_of(ledger: LeaseLedger, decimals: int) -> Rate:
    """Of the time that was bought at first. Raises MinerLeft: nobody can be paid so little."""
    record = ledger.record
    assert record is not None
    rate = Rate.of(record.price, record.quote.units, ledger.fact("unit_seconds"), decimals)
    if not rate.amount_down(ledger.place.step // 4):
        raise run.MinerLeft("a step costs less than the smallest amount of the token")
    return rate


def extend(
    ledger: LeaseLedger, chain: RequesterChannels, amount: int, seconds: int, price: int
) -> bool:
    """Put in so much more, and time at this price at most; the session goes on meanwhile. False:
    an earlier extension was interrupted, and was done in place of this one.

    Raises:
        LeaseError, ChainError: nothing was added.
    """
    record, begun = ledger.record, ledger.fact("extending")
    if record is None or ledger.stage is not LeaseStage.OPEN:
        raise LeaseError(f"lease {ledger.name} is {ledger.stage}: nothing can be added")
    if begun is None:
        chain.fund(amount)
        ledger.note(extending=[amount, seconds, price])
    else:
        amount, seconds, price = begun
    key = f"extend channel {ledger.name} {len(ledger.extensions)}"
    try:
        ends, unit_price = chain.top_up(record, amount, seconds, price, key)
    except (ContractError, TransactionReverted):
        ledger.note(extending=None)
        raise
    rate = None
    if unit_price is not None:
        terms = record.quote.units, ledger.fact("unit_seconds"), chain.token.decimals()
        rate = Rate.of(unit_price, *terms)
    at = (ends - seconds - record.opened_at) * 1_000
    ledger.extend(Extension(amount, ends, at, rate))
    return begun is None


def settle(
    ledger: LeaseLedger,
    chain: RequesterChannels,
    told: bool,
    tell: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """See that the rest comes back. `told`: the miner knows that it ends, and closes by itself."""
    record = ledger.record
    if record is None or ledger.stage is LeaseStage.CLOSED:
        return
    ledger.move(LeaseStage.ENDING)
    if not (told and _gone_soon(chain, record, sleep)):
        chain.end(record)  # of which a miner hears that is there
        _gone_soon(chain, record, sleep)
        chain.close(record)
    if gone(chain, record):
        ledger.move(LeaseStage.CLOSED)
        return
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(chain.notice_ends(record)))
    tell(f"the miner may redeem until {when} UTC: then suanli lease close {ledger.name}")


def _gone_soon(chain: RequesterChannels, record: Channel, sleep: Callable[[float], None]) -> bool:
    ends = time.monotonic() + TO_CLOSE
    while time.monotonic() < ends:
        if chain.view(record).status in (ChannelStatus.NONE, ChannelStatus.CLOSABLE):
            break
        sleep(LOOKS_EVERY)
    return gone(chain, record)


def gone(chain: RequesterChannels, record: Channel) -> bool:
    return chain.view(record).status is ChannelStatus.NONE
