"""A miner's daemon with the rooms and the space that it leases beside its deals, if its file says
any."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suanli.miner.config import Config
    from suanli.miner.daemon import Daemon
    from suanli.protocol import Signer

log = logging.getLogger("suanli.miner")


def daemon_with_leases(config: Config, account: Signer, stack: ExitStack) -> Daemon:
    """All of one account, whose transactions go through one sender."""
    from suanli.lease.host.config import ask_of, read
    from suanli.lease.host.opening import hosting
    from suanli.lease.storage.keeper.config import read as space_table
    from suanli.lease.storage.keeper.opening import keeping
    from suanli.lease.swarm.config import read as swarm_table
    from suanli.lease.swarm.opening import swarming
    from suanli.miner.core import Sale
    from suanli.miner.opening import daemon_of
    from suanli.miner.setup import pledge_for

    leasing, swarm = read(config.path), swarm_table(config.path)
    space = space_table(config.path)
    daemon = daemon_of(config, account, stack)
    services, settings = daemon.services, daemon.settings

    def draining() -> bool:
        return daemon.core.outlook.draining

    on = services.market, services.sender, account, settings.miner_id
    if swarm is not None:
        runs = services.executors, settings.sold_runtimes, settings.workers
        until = daemon.stop, draining
        stack.enter_context(swarming(swarm, *on, config.relays, config.data, *runs, *until))
    leases = leasing.leases if leasing is not None else ()
    sales = [Sale(one.resource, one.units, ask_of(one)) for one in leases]
    if space is not None:
        sales.append(Sale(space.resource, space.units, space.price))
    for sale in sales:
        pledge_for(services.market, services.sender, sale, lambda text: log.info("%s", text))
    more = daemon.stop, draining, settings.collect_at
    if leasing is not None and leases:
        stack.enter_context(hosting(leasing, *on, config.relays, config.data, *more))
    if space is not None:
        stack.enter_context(keeping(space, *on, config.relays, config.data, *more))
    return daemon
