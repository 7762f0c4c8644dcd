"""A miner's storage beside its daemon: made ready, run in a thread of its own, ended with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

from suanli.chain import Market, Sender, StorageDeals, Token
from suanli.lease.host.selling import COLLECT_EVERY, PUBLISH_EVERY, TELL_EVERY
from suanli.lease.running import in_thread
from suanli.lease.storage.keeper import selling
from suanli.lease.storage.keeper.config import FOLDER, KeepingSpace
from suanli.lease.storage.keeper.journal import MARK, KeeperJournal
from suanli.lease.storage.keeper.onchain import MinerDeals
from suanli.lease.storage.keeper.warehouse import Warehouse, WarehouseServices
from suanli.lease.storage.shelf import Shelf
from suanli.lease.wire import Certificate
from suanli.protocol import Signer
from suanli.relay import Relays


@contextmanager
def keeping(
    given: KeepingSpace,
    market: Market,
    sender: Sender,
    signer: Signer,
    miner: int,
    relays: Sequence[str],
    data: Path,
    broken: Callable[[], None],
    draining: Callable[[], bool],
    collect_at: int,
) -> Iterator[Warehouse]:
    """`broken` is called if it ends by itself; nothing new is taken while `draining`. Earnings
    are collected from `collect_at` base units on. The units are registered by then.

    Raises:
        NotReady: nothing that waiting would mend.
    """
    folder = data / FOLDER
    deals, token = StorageDeals(market.node, given.deals), Token(market.node, market.token())
    space = selling.space_of(market, given, token.decimals())
    selling.permit(market, deals, sender, miner, given)
    selling.put_collateral(deals, token, sender, signer, miner, given)
    with ExitStack() as stack:
        journal = stack.enter_context(closing(KeeperJournal.of_folder(folder)))
        certificate = Certificate(folder / "storage.pem")
        behind = given.behind(space.decimals)
        collect = partial(selling.collect, deals, sender, miner, behind, collect_at)
        publish = partial(selling.publish, market, sender, given, draining)
        refill = partial(selling.refill, deals, token, sender, signer, miner, given)
        errands = [(PUBLISH_EVERY, publish), (COLLECT_EVERY, collect), (COLLECT_EVERY, refill)]
        ahead = WarehouseServices.ahead
        if relays:
            board = stack.enter_context(closing(Relays.at(relays, market.domain)))
            told = board, market.domain, signer, given, space, certificate.digest
            errands.append((TELL_EVERY, partial(selling.tell, *told)))
            ahead = board.ahead_of
        host, port = given.listen or ("", None)
        price = partial(market.price_of, given.resource)
        on_chain = deals, token, market.domain, sender, miner, price
        made = Warehouse(
            WarehouseServices(
                market.domain,
                signer,
                miner,
                deals.address,
                space,
                Shelf(given.folder_in(data), given.disk),
                journal,
                MinerDeals(*on_chain, journal.fact(MARK)),
                certificate,
                host,
                port,
                tuple(relays),
                draining=draining,
                errands=tuple(errands),
                ahead=ahead,
            )
        )
        yield stack.enter_context(in_thread(made, broken, "storage"))
