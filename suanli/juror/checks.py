"""`suanli juror check`: what is missing before a juror can work, each with what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

from suanli.base.errors import SuanliError
from suanli.chain import Court, Market, Token
from suanli.daemon import Finding
from suanli.daemon import checks as shared
from suanli.engine import runtime_id, show_runtime
from suanli.engine.host import usable, usable_packages
from suanli.juror.config import JurorConfig
from suanli.juror.journal import JurorJournal
from suanli.juror.opening import court_of
from suanli.juror.setup import means_of
from suanli.protocol import Signer
from suanli.store import DirectoryStore, free_bytes
from suanli.store.ipfs import is_ipfs, peers_of

SETUP_GAS = 1_000_000
"""Of taking a seat and judging a case, rounded up."""


def examine(config: JurorConfig, prompt: Callable[[str], str] | None = None) -> Iterator[Finding]:
    """Every check that can be made; those that need what is missing are left out."""
    reached = yield from shared.examine_market(config, prompt)
    market, court = reached.market, None
    if market is not None:
        try:
            court = court_of(config, market)
            yield Finding("court", True, _rules(court, Token(market.node, market.token())))
        except SuanliError as error:
            yield Finding("court", False, str(error))
    yield from _engine(market)
    yield _disk(config)
    if court is not None and market is not None and reached.account is not None:
        yield shared.examine_gas(market, reached.account, SETUP_GAS)
        yield _seats(config, market, court, reached.account)
    yield from _stores(config, reached)


def _rules(court: Court, token: Token) -> str:
    rules = court.rules()
    return (
        f"{court.address}: a seat's stake is {token.show(rules.seat_stake)}, a case pays"
        f" {token.show(rules.seat_fee)}, {rules.vote:,} s to vote"
    )


def _engine(market: Market | None) -> Iterator[Finding]:
    """Each runtime that deals may name must be run here."""
    try:
        run = [runtime_id(runtime) for runtime, why in usable().items() if not why]
        for kept in usable_packages().values():
            run += [one.id for one, why in kept.items() if not why]
    except SuanliError as error:
        yield Finding("engine", False, str(error))
        return
    names = ", ".join(map(show_runtime, run))
    yield Finding("engine", bool(run), f"runs the runtimes {names}" if run else "runs no runtime")
    for number in range(1, market.resource_count() + 1) if market else ():
        assert market is not None
        missing = [id_ for id_ in market.runtimes_of(number) if id_ not in run]
        if missing:
            text = (
                f"{number} permits {', '.join(map(show_runtime, missing))}, not run here: absence"
                " from a case about it costs a penalty; add its package (suanli runtime add)"
            )
            yield Finding("class", False, text)


def _disk(config: JurorConfig) -> Finding:
    folder = shared.nearest_folder(config.data)
    free = free_bytes(folder)
    text = (
        f"{free >> 20:,} MiB are free in {folder}; open cases may take {config.max_bytes >> 20:,}"
    )
    right = free >= min(config.max_bytes, 1 << 30)
    return Finding("disk", right, text if right else f"{text}: make room, or lower max_bytes")


def _seats(config: JurorConfig, market: Market, court: Court, account: Signer) -> Finding:
    token = Token(market.node, market.token())
    positions: list[int] = []
    try:
        if (journal := JurorJournal.beside(config.data)) is not None:
            with closing(journal):
                positions = journal.fact("positions") or []
    except SuanliError as error:
        return Finding("seats", False, str(error))
    means = means_of(court, token, account.address, positions)
    if lacking := means.lacking(config.seats):
        text = (
            f"tokens cover {means.covered} of {config.seats} seats: send {account.address}"
            f" {token.show(lacking)} more (token {token.address})"
        )
        return Finding("seats", means.covered > 0, text)
    return Finding("seats", True, f"{means.seats} taken of {config.seats}, the others are covered")


def _stores(config: JurorConfig, reached: shared.Reached) -> Iterator[Finding]:
    for where in config.stores:
        look = partial(peers_of if is_ipfs(where) else DirectoryStore, where)
        yield shared.examined("store", where, look)
    ahead = None
    if reached.market is not None:
        ahead = yield from shared.examine_relays(config.relays, reached.market, "")
    yield shared.examine_clock(ahead, reached.ahead)
