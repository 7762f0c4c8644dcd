"""A miner's house beside its daemon: made ready, run in a thread of its own, ended with it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

from suanli.chain import Market, PaymentChannels, Sender, Token
from suanli.daemon import NotReady
from suanli.lease.host import selling
from suanli.lease.host.config import Leasing
from suanli.lease.host.house import House, HouseServices
from suanli.lease.host.journal import MARK, HostJournal
from suanli.lease.host.onchain import MinerChannels
from suanli.lease.host.rooms import SandboxRooms
from suanli.lease.running import in_thread
from suanli.lease.sandbox import offer
from suanli.lease.wire import Certificate
from suanli.protocol import Signer
from suanli.relay import Relays

log = logging.getLogger("suanli.lease")
FOLDER = "leases"
"""In the miner's."""


@contextmanager
def hosting(
    leasing: Leasing,
    market: Market,
    sender: Sender,
    signer: Signer,
    miner: int,
    relays: Sequence[str],
    data: Path,
    broken: Callable[[], None],
    draining: Callable[[], bool],
    collect_at: int,
) -> Iterator[House]:
    """`broken`: called if it ends by itself. While it is `draining` nothing new is taken. Earnings
    are collected from `collect_at` base units on. The capacity is registered by then.

    Raises:
        NotReady: nothing that waiting would mend.
    """
    folder = data / FOLDER
    rooms = SandboxRooms(leasing, folder)
    if problems := rooms.sandbox.problems():
        raise NotReady(f"sessions can't be sold: {'; '.join(problems)}")
    for name in rooms.sandbox.sweep():
        log.warning("ended the room %s, which the last run left", name)
    channels = PaymentChannels(market.node, leasing.channels)
    classes = selling.classes_of(market, leasing)
    selling.permit(market, channels, sender, miner, leasing)
    with ExitStack() as stack:
        journal = stack.enter_context(closing(HostJournal.of_folder(folder)))
        known = [record for _, record in journal.channels()]
        certificate = Certificate(folder / "session.pem")
        publish = partial(selling.publish, market, sender, leasing, draining)
        collect = partial(selling.collect, channels, sender, miner, collect_at)
        errands = [(selling.PUBLISH_EVERY, publish), (selling.COLLECT_EVERY, collect)]
        ahead = HouseServices.ahead
        if relays:
            board = stack.enter_context(closing(Relays.at(relays, market.domain)))
            told = (board, market.domain, signer, leasing, certificate.digest, _offers(rooms))
            errands.append((selling.TELL_EVERY, partial(selling.tell, *told)))
            ahead = board.ahead_of
        host, port = leasing.listen or ("", None)
        house = House(
            HouseServices(
                market.domain,
                signer,
                miner,
                channels.address,
                Token(market.node, market.token()).decimals(),
                journal,
                rooms,
                MinerChannels(channels, market.domain, sender, miner, known, journal.fact(MARK)),
                certificate,
                classes,
                host=host,
                port=port,
                relays=tuple(relays),
                ahead=ahead,
                errands=tuple(errands),
                draining=draining,
            )
        )
        yield stack.enter_context(in_thread(house, broken, "leases"))


def _offers(rooms: SandboxRooms) -> dict[int, str]:
    """What a unit of each class comes with."""
    present = rooms.sandbox.gpus()
    return {
        number: offer.offer_of(rooms.bounds(number, 1, 0), present).text()
        for number in rooms.resources
    }
