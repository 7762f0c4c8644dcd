"""What the parts of `make demo-lease` have in common."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable

from suanli.base.errors import SuanliError
from suanli.chain import Event, Node
from suanli.devnet import SUANLI, Child, Devnet
from tests.harness.lease_coins import LeaseCoins

Say = Callable[[str], None]
Changes = dict[str, int]
"""Of what somebody owns, in base units, by address."""
PATIENCE = 240.0
"""Seconds that a command may take."""


class PartFailed(SuanliError):
    """Something that must hold does not."""


def start(net: Devnet, name: str, command: list[str]) -> Child:
    """By the requester; all that it writes is in `<name>.log`."""
    more = {"SUANLI_ACCOUNTS": str(net.keys.directory)}
    return net.start(name, command, env={**net.environment, **more})


def run(net: Devnet, name: str, *words: str) -> str:
    """`suanli …`, to its end; what it wrote."""
    child, what = start(net, name, [*SUANLI, *words]), f"suanli {' '.join(words)}"
    try:
        code = child.process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        raise PartFailed(f"{what} is not done after {PATIENCE:.0f} s: see {child.log}") from None
    if code != 0:
        raise PartFailed(f"{what} ended with {code}: {child.said()[-500:]}")
    return child.said()


def gas_of(node: Node, happened: Iterable[Event]) -> tuple[int, int]:
    """Of the transactions in which all this happened: how many, and what they took."""
    sent = {event.at.transaction for event in happened}
    found = [node.receipt(transaction) for transaction in sorted(sent)]
    return len(found), sum(receipt.gas_used for receipt in found if receipt is not None)


def payment(
    coins: LeaseCoins, who: str, miner: int, earned: int, fee: int, treasury: str
) -> Changes:
    """What the requester `who` paid: to a miner by its number, and the fee."""
    account = next(one for one, number in coins.miners.items() if number == miner)
    return together([{who: -earned - fee}, {account: earned}, {treasury: fee}])


def together(changes: Iterable[Changes]) -> Changes:
    found: Changes = {}
    for one in changes:
        for who, amount in one.items():
            found[who] = found.get(who, 0) + amount
    return found


def names_of(coins: LeaseCoins) -> dict[int, str]:
    """What miners are called, by their numbers."""
    return {number: coins.names[who] for who, number in coins.miners.items()}
