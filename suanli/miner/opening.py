"""From a configuration to what the daemon needs: chain, relay, store, engine, account."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace

from suanli.chain import GWEI, Market, Sender, Token
from suanli.daemon import opening
from suanli.deployment import TOKEN
from suanli.engine import Executors, Runtime, runtimes_here
from suanli.engine.cluster import Machine
from suanli.engine.host import Pool, packing
from suanli.miner import setup
from suanli.miner.ballast import Ballast
from suanli.miner.config import Config
from suanli.miner.core import CoreState, Policy, Settings
from suanli.miner.daemon import Daemon, Services
from suanli.miner.journal import Journal
from suanli.miner.ports.cluster import ClusterPort
from suanli.miner.runtimes import RunsHere, runs_here
from suanli.miner.staking import an_hours_work
from suanli.protocol import Domain, Scale, Signer
from suanli.relay import Relays, blobs_of, ipfs_store
from suanli.store import DirectoryStore, Store
from suanli.store.ipfs import is_ipfs
from suanli.verify import CLAIMS

log = logging.getLogger("suanli.miner")
CLUSTER_SECONDS = 30.0
"""In which a cluster must show a machine when the daemon starts."""
MOST_GAS = 1_500_000
"""Of one transaction: several times what any of a miner's takes."""


def pool_of(config: Config, runtime: Runtime | None = None) -> Pool:
    """`runtime`: one that this machine can run; the pool serves the others that it can, too."""
    return Pool(config.workers, cache=config.modules, runtime=runtime)


@contextmanager
def executors_of(config: Config, runs: RunsHere) -> Iterator[tuple[Executors, ClusterPort | None]]:
    """What runs the tasks, by the runtimes that this machine can run. A cluster is waited for
    a little, and then gone on without: deals that there are need more than machines."""
    if not config.executor:
        with pool_of(config, runs.own[0]) as pool:
            yield pool, None
        return
    port = ClusterPort(config.executor, runs.ids)
    with port.cluster as cluster:
        if missing := cluster.wait(CLUSTER_SECONDS):
            log.warning("%s; going on, and nothing new is taken until then", missing)
        yield cluster, port


def with_machines(config: Config, machines: Sequence[Machine]) -> Config:
    """As the machines of a cluster are now."""
    if not config.executor or not machines:
        return config
    workers, speed = sum(one.places for one in machines), min(one.speed for one in machines)
    hour = an_hours_work(speed, workers)
    sales = tuple(replace(one, capacity=hour) if one.follows else one for one in config.sales)
    return replace(config, workers=workers, units_per_second=speed, sales=sales)


def sender_of(config: Config, market: Market, account: Signer) -> Sender:
    urgent = config.most_result_fee
    return opening.sender_of(config, market, account, MOST_GAS, urgent, "max_result_fee_gwei")


@dataclass(frozen=True)
class Prepared:
    """A registered miner, and how it reaches its market."""

    account: Signer
    market: Market
    domain: Domain
    sender: Sender
    miner_id: int
    settings: Settings


def prepared(config: Config, account: Signer, runs: RunsHere | None = None) -> Prepared:
    """Register, stake and register the capacity, as far as missing and covered. A miner that
    drains or, if the class makes no deals any more, has some to finish goes on with what is
    registered.

    `runs`: what this machine runs, by default all that this version has. Waits while the chain is
    away.

    Raises:
        NotReady, ChainError: nothing that waiting would mend.
    """
    here = runs or RunsHere(runtimes_here())
    return opening.when_reached(lambda: _prepare(config, account, here))


def _prepare(config: Config, account: Signer, runs: RunsHere) -> Prepared:
    market = opening.market_of(config)
    sender = sender_of(config, market, account)
    miner_id = _made_ready(config, market, sender, runs.sold)
    decimals = Token(market.node, market.token()).decimals()
    settings = settings_of(config, account.address, miner_id, decimals, runs)
    return Prepared(account, market, market.domain, sender, miner_id, settings)


def _made_ready(config: Config, market: Market, sender: Sender, runtimes: Collection[bytes]) -> int:
    def tell(text: str) -> None:
        log.info("%s", text)

    begun = _begun(config)
    if begun is not None and begun.draining:
        return setup.register(market, sender, config, tell)  # it takes nothing new
    try:
        setup.require_sellable(market, config, runtimes)
        miner_id = setup.register(market, sender, config, tell)
        setup.pledge(market, sender, config, tell)
    except setup.NotSellable as error:
        if begun is None or not begun.live():
            raise
        log.warning("going on with what is registered, to finish the deals: %s", error)
        miner_id = setup.register(market, sender, config, tell)
    return miner_id


def _begun(config: Config) -> CoreState | None:
    """What the journal says, if there is one."""
    journal = Journal.beside(config.data)
    if journal is None:
        return None
    with closing(journal):
        return journal.load(settings_of(config, "", 0, 18))


def daemon_of(config: Config, account: Signer, stack: ExitStack) -> Daemon:
    """Ready to run; what it needs is closed with the stack. Raises as `prepared`."""
    Ballast(config.data).tend()
    packing.hold("miner", config.data, log.warning)
    runs = runs_here(log.warning)
    executors, cluster = stack.enter_context(executors_of(config, runs))
    machines = cluster.machines if cluster is not None else ()
    ready = prepared(with_machines(config, machines), account, runs)
    return Daemon(
        ready.settings,
        stack.enter_context(services_of(config, ready, executors, cluster)),
        ready.miner_id,
        config.data,
        poll=config.poll,
        most_input=config.max_input_bytes,
        most_bytes=config.max_bytes,
    )


@contextmanager
def services_of(
    config: Config, ready: Prepared, executors: Executors, cluster: ClusterPort | None = None
) -> Iterator[Services]:
    with ExitStack() as stack:
        relay: Relays | None = None
        if config.relays:
            relay, blobs = opening.relays_of(stack, config.relays, ready.market)
        folder = config.store_folder
        store: Store
        peers: Callable[[], str] = str
        jurors: Store | None = None
        if folder is not None:
            store = DirectoryStore(folder)
        else:
            store = blobs_of(blobs)
            if is_ipfs(config.store):
                jurors = store
                store = stack.enter_context(closing(ipfs_store(config.store, blobs, config.data)))
                peers = store.peers.own
        yield Services(
            market=ready.market,
            sender=ready.sender,
            signer=ready.account,
            executors=executors,
            store=store,
            relay=relay,
            claims=folder / CLAIMS if folder else None,
            peers=peers,
            jurors=jurors,
            cluster=cluster,
        )


def settings_of(
    config: Config, miner: str, miner_id: int, decimals: int, runs: RunsHere | None = None
) -> Settings:
    """`decimals`: of the settlement token; `runs`: what tasks are run by."""
    collect_at = Scale(decimals).value_down(1, int(config.collect_at * TOKEN))
    return Settings(
        miner=miner,
        miner_id=miner_id,
        sales=config.sales,
        runtimes=runs.ids if runs else (),
        leaving=runs.leaving if runs else frozenset(),
        # Of a cluster's machines, the daemon hears once they are there.
        workers=0 if config.executor else config.workers,
        speed=config.units_per_second,
        margin=config.margin,
        reserve=config.reserve,
        patience=config.patience,
        offer_seconds=config.offer_seconds,
        together=config.together,
        appeal_bond=Scale(decimals).value_down(1, int(config.appeal_bond * TOKEN)),
        court=config.court,
        collect_at=collect_at,
        decimals=decimals,
        least=Scale(decimals).value_up(1, int(config.least * TOKEN)),
        max_fee=config.most_result_fee * GWEI,
        update_fee=config.max_fee_gwei * GWEI if config.update_price else 0,
        reward_fee=min(config.max_reward_fee_gwei, config.max_fee_gwei) * GWEI,
        policy=Policy(config.deny, config.allow, config.max_module_bytes),
    )
