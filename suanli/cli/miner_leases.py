"""A miner's daemon with the rooms that it leases beside its deals, if its file says any."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suanli.base.accounts import Account
    from suanli.miner.config import Config
    from suanli.miner.daemon import Daemon

log = logging.getLogger("suanli.miner")


def daemon_with_leases(config: Config, account: Account, stack: ExitStack) -> Daemon:
    """Both of one account, whose transactions go through one sender."""
    from suanli.lease.host.config import ask_of, read
    from suanli.lease.host.opening import hosting
    from suanli.lease.swarm.config import read as swarm_table
    from suanli.lease.swarm.opening import swarming
    from suanli.miner.core import Sale
    from suanli.miner.opening import daemon_of
    from suanli.miner.setup import pledge_for

    leasing, swarm = read(config.path), swarm_table(config.path)
    daemon = daemon_of(config, account, stack)
    if swarm is not None:
        settings, services = daemon.settings, daemon.services
        on = services.market, services.sender, account, settings.miner_id
        runs = services.executors, settings.runtimes, settings.workers
        stack.enter_context(swarming(swarm, *on, config.relay, config.data, *runs, daemon.stop))
    if leasing is None or not leasing.leases:
        return daemon
    services, miner = daemon.services, daemon.settings.miner_id
    for one in leasing.leases:
        sale = Sale(one.resource, one.units, ask_of(one))
        pledge_for(services.market, services.sender, sale, lambda text: log.info("%s", text))
    on = services.market, services.sender, account, miner
    more = daemon.stop, lambda: daemon.core.outlook.draining, daemon.settings.collect_at
    stack.enter_context(hosting(leasing, *on, config.relay, config.data, *more))
    return daemon
