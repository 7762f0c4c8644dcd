"""From a configuration to what the daemon needs: chain, relay, store, engine, account."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from eth_keys.datatypes import Signature

from suanli.base.accounts import Account, unlock
from suanli.chain import (
    GWEI,
    Fees,
    Market,
    Sender,
    Token,
    TransactionTimeout,
    connect,
    contracts_at,
)
from suanli.chain.sent import journal_of
from suanli.daemon import Lane
from suanli.engine import Executors, Runtime, runtime_id, runtimes_here
from suanli.engine.host import Pool, served, usable
from suanli.miner import setup
from suanli.miner.config import TOKEN, Config
from suanli.miner.core import CoreState, Policy, Settings
from suanli.miner.daemon import Services
from suanli.miner.journal import Journal
from suanli.miner.ports.chain import AWAY
from suanli.protocol import Domain, Scale
from suanli.relay import HttpStore, RelayClient, ipfs_store
from suanli.store import DirectoryStore, Store
from suanli.store.ipfs import is_ipfs
from suanli.verify import CLAIMS

log = logging.getLogger("suanli.miner")
MOST_GAS = 1_500_000
"""Of one transaction: several times what any of a miner's takes."""


def account_of(config: Config, prompt: Callable[[str], str] | None = None) -> Account:
    """Raises AccountError."""
    return unlock(config.account or None, prompt=prompt)


def market_of(config: Config) -> Market:
    """Raises ChainError: the node is away, or another chain's."""
    return Market(connect(config.rpc, chain_id=config.chain_id), config.market)


def runtimes_run(tell: Callable[[str], None]) -> tuple[Runtime, ...]:
    """Those that this machine can run; `tell` hears why it can't run one.

    Raises:
        EngineUnavailable: it can't run any.
    """
    found = usable()
    run = served(found)
    for runtime, why in found.items():
        if why:
            tell(f"sells the runtime {', '.join(run)} only, not {runtime}: {why}")
    return run


def pool_of(config: Config, runtime: Runtime | None = None) -> Pool:
    """`runtime`: one that this machine can run; the pool serves the others that it can, too."""
    cache = Path(config.cache).expanduser() if config.cache else None
    return Pool(config.workers, cache=cache, runtime=runtime)


def sender_of(config: Config, market: Market, account: Account) -> Sender:
    journal = journal_of(market.node, account.address)
    fees = Fees(
        max_fee=config.max_fee_gwei * GWEI,
        most_gas=MOST_GAS,
        urgent=config.most_result_fee * GWEI,
        how=f"max_fee_gwei in {config.path}",
        how_urgent=f"max_result_fee_gwei in {config.path}",
    )
    return Sender(market.node, account, journal, fees)


@dataclass(frozen=True)
class Prepared:
    """A registered miner, and how it reaches its market."""

    account: Account
    market: Market
    domain: Domain
    sender: Sender
    miner_id: int
    settings: Settings


def prepared(
    config: Config, account: Account, runtimes: Sequence[Runtime] | None = None
) -> Prepared:
    """Register, stake and register the capacity, as far as missing and covered. A miner that
    drains or, if the class makes no deals any more, has some to finish goes on with what is
    registered.

    `runtimes`: those that this machine runs, by default all that this version has.
    Waits while the chain is away: whoever starts a daemon with the machine starts its node, too.

    Raises:
        NotReady, WrongChain, TransactionError: nothing that waiting would mend.
    """
    made: list[Prepared] = []
    lane = Lane("chain", (*AWAY, TransactionTimeout), tell=_tell)
    ids = tuple(map(runtime_id, runtimes_here() if runtimes is None else runtimes))
    lane.put(lambda: made.append(_prepare(config, account, ids)))
    while not made:
        wait = lane.step()
        time.sleep(wait if math.isfinite(wait) else 0)
    return made[0]


def _prepare(config: Config, account: Account, runtimes: tuple[bytes, ...]) -> Prepared:
    market = market_of(config)
    sender = sender_of(config, market, account)
    miner_id = _made_ready(config, market, sender, runtimes)
    decimals = Token(market.node, market.token()).decimals()
    settings = settings_of(config, account.address, miner_id, decimals, runtimes)
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
    path = config.data / "journal.sqlite"
    if not path.exists():
        return None
    with closing(Journal(path)) as journal:
        return journal.load(settings_of(config, "", 0, 18))


def _tell(name: str, why: str) -> None:
    if why:
        log.warning("%s is away, waiting for it: %s", name, why)
    else:
        log.info("%s is back", name)


@contextmanager
def services_of(config: Config, ready: Prepared, executors: Executors) -> Iterator[Services]:
    with ExitStack() as stack:
        relay: RelayClient | None = None
        if config.relay:
            relay = RelayClient(
                config.relay, ready.domain, contracts=contracts_at(ready.market.node)
            )
            stack.enter_context(closing(relay))
        folder = config.store_folder
        store: Store
        peers: Callable[[], str] = str
        jurors: Store | None = None
        if folder is not None:
            store = DirectoryStore(folder)
        else:
            # A client of its own: large blobs must not hold up messages.
            blobs = RelayClient(config.relay, ready.domain, timeout=60)
            stack.enter_context(closing(blobs))
            store = HttpStore(blobs)
            if is_ipfs(config.store):
                jurors = store
                store = stack.enter_context(closing(ipfs_store(config.store, blobs, config.data)))
                peers = store.peers.own
        yield Services(
            market=ready.market,
            sender=ready.sender,
            signer=ready.account,
            public_key=public_key(ready.account),
            executors=executors,
            store=store,
            relay=relay,
            claims=folder / CLAIMS if folder else None,
            peers=peers,
            jurors=jurors,
        )


def settings_of(
    config: Config, miner: str, miner_id: int, decimals: int, runtimes: tuple[bytes, ...] = ()
) -> Settings:
    """`decimals`: of the settlement token; `runtimes`: ids of those that tasks are run by."""
    collect_at = Scale(decimals).value_down(1, int(config.collect_at * TOKEN))
    return Settings(
        miner=miner,
        miner_id=miner_id,
        sales=config.sales,
        runtimes=runtimes,
        workers=config.workers,
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


def public_key(account: Account) -> bytes:
    """The account's compressed public key, recovered from a signature."""
    digest = b"\x01" * 32
    raw = account.sign_digest(digest)
    signature = Signature(raw[:64] + bytes([raw[64] - 27]))
    key = signature.recover_public_key_from_msg_hash(digest)
    return bytes(key.to_compressed_bytes())
