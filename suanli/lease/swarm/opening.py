"""A miner's swarm beside its daemon: made ready, run in a thread of its own, ended with it."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from suanli.base.errors import SuanliError
from suanli.chain import Market, PaymentChannels, Sender, Token
from suanli.daemon import NotReady
from suanli.engine import Executors
from suanli.lease.host.onchain import MinerChannels
from suanli.lease.running import TO_END, in_thread
from suanli.lease.swarm.config import SwarmTable
from suanli.lease.swarm.host import SwarmHost
from suanli.lease.swarm.services import SwarmServices
from suanli.lease.swarm.tills import Tills
from suanli.lease.wire import Certificate
from suanli.protocol import Channel, ChannelView, Hosting, Scale, Signer, sign
from suanli.relay import Relays

log = logging.getLogger("suanli.lease")
FOLDER = "swarm"
"""In the miner's."""
TELL_EVERY, HOLDS = 600.0, 1_800
STEP = 1_000
"""Hostings name a step, which tasks have not: any will do."""


class _Chain:
    """A `SwarmChain`."""

    def __init__(self, channels: PaymentChannels, closing: MinerChannels) -> None:
        self._channels, self._closing = channels, closing

    def now(self) -> int:
        return self._channels.node.head().time

    def view(self, record: Channel) -> ChannelView:
        return self._channels.channel_of(record)

    def close(self, record: Channel, amount: int, signature: bytes) -> None:
        self._closing.close(record, amount, signature)


@contextmanager
def swarming(
    table: SwarmTable,
    market: Market,
    sender: Sender,
    signer: Signer,
    miner: int,
    relays: Sequence[str],
    data: Path,
    executors: Executors,
    runtimes: tuple[bytes, ...],
    workers: int,
    broken: Callable[[], None],
    draining: Callable[[], bool],
) -> Iterator[SwarmHost]:
    """`broken` is called if it ends by itself; while it is `draining` no new channel is taken.
    Raises NotReady."""
    channels = PaymentChannels(market.node, table.channels)
    if channels.market() != market.address:
        raise NotReady(f"{channels.address} are the payment channels of another market")
    decimals = Token(market.node, market.token()).decimals()
    folder = data / FOLDER
    with ExitStack() as stack:
        tills = stack.enter_context(closing(Tills(folder / "tills.sqlite", Scale(decimals))))
        certificate = Certificate(folder / "session.pem")
        assert table.listen is not None, "the file names it"
        host, port = table.listen
        made = SwarmHost(
            SwarmServices(
                domain=market.domain,
                signer=signer,
                miner=miner,
                channels_at=channels.address,
                resource=table.resource,
                kind=market.resource_class(table.resource),
                decimals=decimals,
                tills=tills,
                chain=_Chain(channels, MinerChannels(channels, market.domain, sender, miner)),
                certificate=certificate,
                executors=executors,
                runtimes=runtimes,
                workers=workers,
                draining=draining,
                host=host,
                port=port,
            )
        )
        with in_thread(made, broken, "swarm", "tasks for vouchers can't be taken"):
            if relays:
                board = stack.enter_context(closing(Relays.at(relays, market.domain)))
                addresses = table.addresses or (f"ws://{host}:{made.port}",)
                room = json.dumps({"runtimes": [one.hex() for one in runtimes]})

                def tell() -> None:
                    if draining():
                        return  # what was told lapses
                    issued = int(time.time() + (board.ahead or 0.0))  # by the relay's clock
                    said = Hosting(
                        signer.address,
                        issued,
                        table.resource,
                        certificate.digest,
                        " ".join(addresses),
                        STEP,
                        room,
                        issued + HOLDS,
                    )
                    board.post(sign(market.domain, said, signer))

                stack.enter_context(_again(tell))
            yield made


@contextmanager
def _again(tell: Callable[[], None]) -> Iterator[None]:
    """Now and every few minutes."""
    over = threading.Event()

    def work() -> None:
        while True:
            try:
                tell()
            except SuanliError as error:
                log.warning("the relay does not hear of the swarm: %s", error)
            if over.wait(TELL_EVERY):
                return

    thread = threading.Thread(target=work, name="swarm's board")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(TO_END)
