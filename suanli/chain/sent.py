"""Where all processes that send from one account meet: what was sent, written down once."""

from __future__ import annotations

from pathlib import Path

from suanli.base.config import setting, user_state
from suanli.chain import BadAnswer, Node, TransactionJournal
from suanli.chain.funding import LOCAL_CHAINS

HASH_SHOWN = 8


def sent_folder(given: str | Path | None = None) -> Path:
    """`given`, SUANLI_SENT, the configuration file's `sent`, or one place a user: two processes
    that use one account must see the same."""
    named = setting("sent", str(given) if given else None)
    folder = Path(named).expanduser() if named else user_state() / "sent"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def place_of(node: Node, account: str, folder: Path) -> Path:
    """The beginning of the names of an account's files. Local chains share their ids: what tells
    them apart is how they began."""
    chain = node.chain_id()
    name = str(chain)
    if chain in LOCAL_CHAINS:
        first = node.block(0)
        if first is None:
            raise BadAnswer("eth_getBlockByNumber", "block 0 is missing")
        name += f"-{first.hash.hex()[:HASH_SHOWN]}"
    return folder / f"{name}-{account}"


def journal_of(node: Node, account: str, folder: str | Path | None = None) -> TransactionJournal:
    """The journal of an account's transactions on the node's chain."""
    return TransactionJournal(place_of(node, account, sent_folder(folder)).with_suffix(".sqlite"))
