"""From a configuration to what the daemon needs: chain, relays, stores, engine, account."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from suanli.chain import Court, Market, Sender, Token
from suanli.daemon import opening
from suanli.deployment import TOKEN
from suanli.engine import Tracers
from suanli.engine.host import Pool, packing, served, usable
from suanli.juror import setup
from suanli.juror.config import JurorConfig
from suanli.juror.core import JurorSettings
from suanli.juror.daemon import JurorDaemon, JurorServices
from suanli.juror.journal import LEAVING, JurorJournal
from suanli.protocol import Claim, Scale, Signer
from suanli.relay import RelayError, RelayRoots, Relays, blobs_of
from suanli.store import DirectoryStore, Store
from suanli.store.ipfs import IpfsStore, is_ipfs
from suanli.verify import CLAIMS, left_claim

log = logging.getLogger("suanli.juror")
MOST_GAS = 3_000_000
"""Of one transaction: what ends a case pays all its jurors."""


def court_of(config: JurorConfig, market: Market) -> Court:
    """Raises NotReady."""
    return setup.require_court(Court(market.node, config.court), market)


def engine_of(config: JurorConfig) -> Pool:
    """What runs tasks by this version's runtimes, and by those of packages that are kept.

    Raises:
        EngineUnavailable: this machine runs none.
    """
    return Pool(config.workers, cache=config.modules, runtime=served(usable())[0])


def sender_of(config: JurorConfig, market: Market, account: Signer) -> Sender:
    urgent = config.most_vote_fee
    return opening.sender_of(config, market, account, MOST_GAS, urgent, "max_vote_fee_gwei")


@dataclass(frozen=True)
class PreparedJuror:
    """A juror with seats, and how it reaches its court."""

    account: Signer
    market: Market
    court: Court
    sender: Sender
    settings: JurorSettings


def prepared(config: JurorConfig, account: Signer) -> PreparedJuror:
    """Take the seats that are missing, as far as covered; who leaves takes none. Waits while the
    chain is away.

    Raises:
        NotReady, ChainError: nothing that waiting would mend.
    """
    return opening.when_reached(lambda: _prepare(config, account))


def _prepare(config: JurorConfig, account: Signer) -> PreparedJuror:
    market = opening.market_of(config)
    court = court_of(config, market)
    sender = sender_of(config, market, account)
    token = Token(market.node, market.token())
    with closing(JurorJournal.of_folder(config.data)) as journal:
        positions = journal.fact("positions")
        if positions is None:
            positions = sorted(setup.seats_taken(court, account.address))
            journal.note(positions=positions)
        if not journal.fact(LEAVING):
            setup.take_seats(
                court, token, sender, config.seats, positions, lambda text: log.info("%s", text)
            )
    return PreparedJuror(account, market, court, sender, settings_of(config, account, court, token))


def settings_of(config: JurorConfig, account: Signer, court: Court, token: Token) -> JurorSettings:
    """Where a court is quick, so is its juror."""
    rules, decimals = court.rules(), token.decimals()
    return JurorSettings(
        juror=account.address,
        seats=config.seats,
        reserve=min(config.reserve, rules.vote // 4),
        patience=min(config.patience, rules.step // 4),
        collect_at=Scale(decimals).value_down(1, int(config.collect_at * TOKEN)),
        decimals=decimals,
    )


def daemon_of(config: JurorConfig, account: Signer, stack: ExitStack) -> JurorDaemon:
    """Ready to run; what it needs is closed with the stack. Raises as `prepared`, `engine_of`."""
    packing.hold("juror", config.data, log.warning)
    ready = prepared(config, account)
    engine = stack.enter_context(engine_of(config))
    return JurorDaemon(
        ready.settings,
        stack.enter_context(services_of(config, ready, engine)),
        config.data,
        poll=config.poll,
        workers=config.workers,
        most_input=config.max_input_bytes,
        most_bytes=config.max_bytes,
    )


@contextmanager
def services_of(
    config: JurorConfig, ready: PreparedJuror, engine: Tracers
) -> Iterator[JurorServices]:
    with ExitStack() as stack:
        relays: Relays | None = None
        stores: list[Store] = [DirectoryStore(folder) for folder in config.folders]
        if config.relays:
            relays, blobs = opening.relays_of(stack, config.relays, ready.market)
            stores.append(blobs_of(blobs))
        for where in config.stores:
            if is_ipfs(where) and relays is not None:
                made = IpfsStore(where, RelayRoots(relays), config.data / "pins.sqlite")
                stores.append(stack.enter_context(closing(made)))
        yield JurorServices(
            market=ready.market,
            court=ready.court,
            sender=ready.sender,
            executors=engine,
            stores=stores,
            claims=lambda request: _claims(config, ready.market, relays, request),
        )


def _claims(
    config: JurorConfig, market: Market, relays: Relays | None, request: bytes
) -> list[Claim]:
    """From folders, and whichever relay answers."""
    folders = [Path(folder) / CLAIMS for folder in config.folders]
    left = [left_claim(folder, request, market.domain) for folder in folders]
    found = [claim for claim in left if claim is not None]
    if relays is not None:
        try:
            found += relays.claims(request)
        except RelayError as error:
            log.warning("%s", error)
    return found
