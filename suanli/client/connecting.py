"""From settings to a connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from suanli.base.config import ConfigError, required, setting
from suanli.base.http import is_node, is_url
from suanli.base.text import is_address
from suanli.chain import GWEI, Fees, Market, Node, Sender, contracts_at, signer_of
from suanli.chain import connect as connect_node
from suanli.chain.sent import journal_of
from suanli.client.client import Client
from suanli.client.errors import ClientError
from suanli.client.places import state_folder
from suanli.protocol import Signer
from suanli.relay import RelayRefusal, Relays, RelayUnreachable, ipfs_store
from suanli.store import DirectoryStore
from suanli.store.ipfs import BadPlace, IpfsStore, is_ipfs, require_node

MOST_WEI = 2**128
"""Per gas: more than there is of any coin."""
USUAL = {"rpc": "http://127.0.0.1:8545", "relay": "http://127.0.0.1:8646"}


def connect(
    rpc: str | None = None,
    *,
    market: str | None = None,
    relay: str | None = None,
    store: str | Path | None = None,
    account: str | Signer | None = None,
    wallet: str | None = None,
    state: str | Path | None = None,
    prompt: Callable[[str], str] | None = None,
    max_fee_gwei: str | None = None,
    **more: Any,
) -> Client:
    """Connect as a requester. What is not given comes from SUANLI_RPC, SUANLI_MARKET, SUANLI_RELAY,
    SUANLI_STORE, SUANLI_ACCOUNT or the configuration file; `relay=""` means none. The key comes
    from the keystore or SUANLI_PRIVATE_KEY (`suanli.base.accounts`), or stays with Clef
    (`suanli.chain.signer_of`).
    `account`: a name or address in the keystore, or what signs (`suanli.protocol.Signer`), as a
    `suanli.base.accounts.Account` does.
    `wallet`: the contract account (ERC-1271) that buys, whose owner `account` is.
    `state`: the folder that keeps jobs; `prompt` asks for the passphrase where nobody gave it.
    `max_fee_gwei`: most that gas may cost, else 100.
    `more`: what else a `suanli.client.Client` takes.

    Raises:
        ConfigError: something needed is not set.
        ClientError: `rpc` or `relay` is no URL, or `store` no place.
        ChainError: the node can't be reached, or there is no such market.
        AccountError: no key.
        NotSigned: no Clef answers.
        RelayLied: the relay serves another market.
    """
    buyer = setting("wallet", wallet)
    if buyer is not None and not is_address(buyer):
        raise ConfigError(f"{buyer!r} is no address of a contract account (--for)")
    folder = setting("store", str(store) if store else None)
    more.setdefault("fees", fees_of(max_fee_gwei))
    found, broker = reach(rpc, market, relay)
    try:
        if account is None or isinstance(account, str):
            account = signer_of(setting("account", account), prompt=prompt)
        return Client(
            found,
            account,
            relay=broker,
            store=_store_at(folder, broker, state) if folder else None,
            wallet=buyer and buyer.lower(),
            state=state,
            **more,
        )
    except BaseException:
        if broker is not None:
            broker.close()
        raise


def _store_at(
    where: str, relay: Relays | None, state: str | Path | None
) -> DirectoryStore | IpfsStore:
    if not is_ipfs(where):
        return DirectoryStore(where)
    try:
        require_node(where)
    except BadPlace as error:
        raise ClientError(f"the store (--store) can't be used: {error}") from error
    if relay is None:
        raise ClientError(
            "a store on IPFS takes a relay, too, where blobs' roots are told and miners are found:"
            " name one (--relay)"
        )
    return ipfs_store(where, relay, state_folder(state))


def fees_of(max_fee_gwei: str | None) -> Fees:
    """How to bid for gas, by flag or setting.

    Raises:
        ConfigError: it is no number.
    """
    given = setting("max_fee_gwei", max_fee_gwei, str(Fees().max_fee // GWEI)) or ""
    try:
        bound = int(Decimal(given) * GWEI)
    except (InvalidOperation, ValueError, OverflowError):
        bound = 0
    if not 0 < bound < MOST_WEI:
        raise ConfigError(f"max_fee_gwei is a number of gwei above 0, such as 200, not {given!r}")
    return Fees(max_fee=bound, how="--max-fee-gwei, or the setting max_fee_gwei")


@contextmanager
def sending(market: Market, key: Signer, max_fee_gwei: str | None = None) -> Iterator[Sender]:
    """Sends from the account, as all commands do that use it.

    Raises:
        ConfigError: the bound on fees is no number.
    """
    fees = fees_of(max_fee_gwei)
    with closing(journal_of(market.node, key.address)) as journal:
        yield Sender(market.node, key, journal, fees)


def reach(
    rpc: str | None = None, market: str | None = None, relay: str | None = None
) -> tuple[Market, Relays | None]:
    """The market and its relays, as `connect` finds them, but without an account."""
    nodes = setting("rpc", rpc, "http://127.0.0.1:8545") or ""
    node: Node = connect_node(",".join(url_of("rpc", text.strip()) for text in nodes.split(",")))
    named = setting("relay", relay) or ""
    urls = [url_of("relay", text.strip()) for text in named.split(",")] if named else []
    _require_chain(node)
    found = Market(node, required("market", market))
    found.terms_count()  # there is a market, or this says that there is none
    broker = Relays.at(urls, found.domain, contracts=contracts_at(node)) if urls else None
    if broker is not None:
        try:
            with suppress(RelayUnreachable, RelayRefusal):  # its time may come
                broker.check()
        except BaseException:
            broker.close()
            raise
    return found, broker


def _require_chain(node: Node) -> None:
    """Raises ClientError: it serves another chain than the settings say."""
    wanted = setting("chain_id")
    if wanted is not None and wanted != str(served := node.chain_id()):
        raise ClientError(
            f"the node serves chain {served}, not {wanted}, as the setting chain_id has it: name"
            " another node (--rpc), or correct the setting"
        )


def url_of(name: str, text: str) -> str:
    """The text, if it is the URL of an HTTP server, or says where a node is. Raises ClientError."""
    if not (is_node(text) if name == "rpc" else is_url(text)):
        raise ClientError(f"{text!r} is no URL of the {name}: write one such as {USUAL[name]}")
    return text
