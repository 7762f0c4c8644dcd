"""`suanli miner check`: what is missing before a miner can work, each with what to do."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence, Set

from suanli.base.errors import SuanliError
from suanli.chain import Market, Token
from suanli.daemon import Finding
from suanli.daemon import checks as shared
from suanli.deployment import NO_COURT, one_owner
from suanli.engine import Limits, runtime_id, runtimes_here, show_runtime
from suanli.engine.cluster import Cluster, Machine
from suanli.miner.ballast import BALLAST, KEPT
from suanli.miner.config import Config
from suanli.miner.core import Sale, most_of_task
from suanli.miner.core.room import HANDED
from suanli.miner.opening import CLUSTER_SECONDS, pool_of, with_machines
from suanli.miner.ports.cluster import shown
from suanli.miner.runtimes import RunsHere, runs_here
from suanli.miner.setup import require_sellable
from suanli.miner.staking import Means, means_of, shortfall
from suanli.protocol import ZERO_ADDRESS, Signer
from suanli.store import DirectoryStore, StoreError, free_bytes
from suanli.store.ipfs import is_ipfs, peers_of

SETUP_GAS = 1_500_000
"""Of registering, staking and publishing, rounded up."""


def examine(
    config: Config, prompt: Callable[[str], str] | None = None
) -> Generator[Finding, None, shared.Reached]:
    """Every check that can be made; those that need what is missing are left out."""
    reached = yield from shared.examine_market(config, prompt)
    market = reached.market
    runs, findings = _engine(config)
    yield from findings
    if config.executor:
        machines, findings = _cluster(config, runs)
        yield from findings
        config = with_machines(config, machines)
    yield _disk(config)
    if market is not None:
        yield from _market(config, market, reached.account, runs)
    yield from _store(config, reached)
    return reached


def _engine(config: Config) -> tuple[RunsHere, list[Finding]]:
    """The runtimes that this machine can run, too."""
    not_run: list[str] = []
    try:
        runs = runs_here(not_run.append)
        pool_of(config, runs.own[0]).close()
    except SuanliError as error:
        return RunsHere(()), [Finding("engine", False, str(error))]
    by = "" if config.executor else f", {config.workers} workers"
    said = [f"runtime {one} {runtime_id(one).hex()}{by}" for one in runs.own]
    for one in runs.kept:
        no_more = ", for deals that there are only" if one.id in runs.leaving else ""
        said.append(f"runtime {one.name} {one.id.hex()} of {one.version}, kept{no_more}")
    return runs, [Finding("engine", True, text) for text in (*said, *not_run)]


def _cluster(config: Config, runs: RunsHere) -> tuple[Sequence[Machine], list[Finding]]:
    """The machines that are used, too."""
    try:
        with Cluster(config.executor, runs.ids, measured=True) as cluster:
            missing = cluster.wait(CLUSTER_SECONDS)
            used, unfit = cluster.machines, cluster.unfit
    except SuanliError as error:
        return (), [Finding("cluster", False, str(error))]
    findings = [Finding("cluster", not missing, missing or f"{config.executor}: {shown(used)}")]
    for address, why in unfit.items() if used else ():
        findings.append(Finding("cluster", True, f"the machine {address} is not used: {why}"))
    return used, findings


def _disk(config: Config) -> Finding:
    """Whether tasks with the limits that jobs have by default find room."""
    folder = shared.nearest_folder(config.data)
    try:
        blobs = DirectoryStore(folder / "blobs") if folder == config.data else None
        used = blobs.used if blobs else 0
        room = min(free_bytes(folder) - KEPT - BALLAST, config.max_bytes - used)
    except SuanliError as error:
        return Finding("disk", False, str(error))
    at_once = HANDED * config.workers
    usual, most = most_of_task(Limits()), max(room, 0) // at_once
    text = (
        f"{mib(room)} are free for deals in {folder}; of {at_once} tasks at once each may leave"
        f" {mib(most)}"
    )
    if most < usual:
        text += f", {mib(usual)} by default: make room, or have fewer workers"
    return Finding("disk", most >= usual, text)


def mib(size: int) -> str:
    return f"{max(size, 0) >> 20:,} MiB"


def _market(
    config: Config, market: Market, account: Signer | None, runs: RunsHere
) -> Iterator[Finding]:
    ids = runs.sold or RunsHere(runtimes_here()).ids
    try:
        require_sellable(market, config, ids)
        for sale in config.sales:
            permitted = set(market.runtimes_of(sale.resource)).intersection(ids)
            available = set(market.available_runtimes(sale.resource).values())
            text = f"{sale.resource} permits this engine's {_names(ids, permitted & available)}"
            if suspended := permitted - available:
                text += f", and has suspended {_names(ids, suspended)}"
            yield Finding("class", True, text)
    except SuanliError as error:
        yield Finding("class", False, str(error))
        return
    yield _terms(config, market)
    yield _owner(market)
    if account is not None:
        yield shared.examine_gas(market, account, SETUP_GAS)
        yield _payout(config, market, account)
        yield from _stakes(config, market, account)


def _names(ids: Sequence[bytes], some: Set[bytes]) -> str:
    return ", ".join(show_runtime(id_) for id_ in ids if id_ in some)


def _terms(config: Config, market: Market) -> Finding:
    records = [market.terms_of(number) for number in range(1, market.terms_count() + 1)]
    courts = [terms.court for terms in records if not terms.retired]
    if not courts:
        return Finding("terms", False, "none are open: the market takes no new deals")
    if named := [court for court in courts if court != ZERO_ADDRESS]:
        return Finding("terms", True, f"the newest with a court name {named[-1]}")
    if config.court:
        text = f"{NO_COURT}. court = true takes no such deals: set court = false to take them"
        return Finding("terms", False, text)
    return Finding("terms", True, NO_COURT)


def _owner(market: Market) -> Finding:
    owner = market.owner()
    return Finding("owner", True, owner if market.node.code(owner) else one_owner(owner))


def _payout(config: Config, market: Market, account: Signer) -> Finding:
    known = market.miner_account(account.address)
    if known is None:
        return Finding("payout", True, f"{config.payout}, once `run` has registered the miner")
    if known.payout != config.payout:
        text = f"registered with payout {known.payout}, the file says {config.payout}: correct it"
        return Finding("payout", False, text)
    return Finding("payout", True, config.payout)


def _stakes(config: Config, market: Market, account: Signer) -> Iterator[Finding]:
    """Classes share what there is, in the order of the file."""
    token, taken = Token(market.node, market.token()), 0
    for sale in config.sales:
        means = means_of(market, account.address, sale.resource).without(taken)
        taken += means.takes(min(sale.capacity, means.covered))
        yield _stake(sale, means, account, token)


def _stake(sale: Sale, means: Means, account: Signer, token: Token) -> Finding:
    short = shortfall(sale.capacity, means, account.address, token, sale.resource)
    if short is not None:
        return Finding("stake", means.covered > 0, short)
    missing = means.missing(sale.capacity)
    text = f"{token.show(missing)} to be added" if missing else "complete"
    return Finding("stake", True, f"{text}, for {sale.capacity:,} units of class {sale.resource}")


def _node(config: Config) -> Finding:
    try:
        own = peers_of(config.store)
    except StoreError as error:
        return Finding("store", False, str(error))
    if not own:
        return Finding("store", False, f"{config.store}: no other node can reach it")
    return Finding("store", True, f"{config.store}, reached at {own.split()[0]}")


def _store(config: Config, reached: shared.Reached) -> Iterator[Finding]:
    folder, ahead = config.store_folder, None
    if folder is not None:
        yield shared.examined("store", str(folder), lambda: DirectoryStore(folder))
    if config.relays and reached.market is not None:
        lost = ": without it only posted requests are found" if len(config.relays) == 1 else ""
        ahead = yield from shared.examine_relays(config.relays, reached.market, lost)
    if is_ipfs(config.store):
        yield _node(config)
    yield shared.examine_clock(ahead, reached.ahead)
