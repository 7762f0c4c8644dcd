"""What commands have in common that pay miners out of a contract beside the market."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import click

from suanli.base.config import required
from suanli.base.locking import held
from suanli.chain import Market, PaymentChannels, Sender
from suanli.cli.asking import unlocked
from suanli.cli.options import with_options
from suanli.client import places, reach, sending
from suanli.daemon.clock import trouble_at
from suanli.lease.depositing import Depositor
from suanli.lease.errors import LeaseError
from suanli.protocol import Signer

if TYPE_CHECKING:
    from suanli.relay import Relays

C = TypeVar("C")
D = TypeVar("D", bound=Depositor)
_TIME = re.compile(r"(\d{1,7})(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


@dataclass
class AtContract(Generic[D]):
    market: Market
    relay: Relays
    account: Signer
    chain: D
    state: Path


def board_of(where: dict[str, Any], who: str) -> tuple[Market, Relays]:
    """`who`: the miners that are looked for. Raises LeaseError: no relay is named."""
    market, relay = reach(where["rpc"], where["market"], where["relay"])
    if relay is None:
        raise LeaseError(f"{who} are found at a relay: name one (--relay)")
    return market, relay


@contextmanager
def at_contract(
    where: dict[str, Any],
    who: str,
    contract_of: Callable[[Market], C],
    chain_of: Callable[[Market, C, Sender, Signer], D],
) -> Iterator[AtContract[D]]:
    """The market, and the contract through the account that acts there."""
    market, relay = board_of(where, who)
    account = unlocked(where["account"])
    contract = contract_of(market)
    with closing(relay), sending(market, account, where["max_fee_gwei"]) as sender:
        chain = chain_of(market, contract, sender, account)
        chain.require_ours()
        if wrong := trouble_at(market.node.head(), market.domain.chain_id, relay.ahead):
            tell(wrong)
        yield AtContract(market, relay, account, chain, places.state_folder(where["state"]))


def channels_of(market: Market, given: str | None) -> PaymentChannels:
    """As it was given, or is set."""
    return PaymentChannels(market.node, required("channels", given))


@contextmanager
def alone_at(folder: Path, what: str, lock: str = "lock") -> Iterator[None]:
    """Raises LeaseError: another process has the folder's lock."""

    def busy(pid: str) -> LeaseError:
        return LeaseError(f"{what} is at work already, pid {pid}")

    with held(folder / lock, str(os.getpid()), busy):
        yield


def seconds_of(text: str) -> int:
    found = _TIME.fullmatch(text)
    if found is None:
        raise click.UsageError(f"a time is written as 90s, 20m, 2h or 1d, not {text!r}")
    return int(found[1]) * _SECONDS[found[2]]


def taking(options: Sequence[Any]) -> Callable[[Any], Any]:
    """Gives a command these options."""
    return lambda command: with_options(options, command)


def tell(line: str) -> None:
    """Beside what the command prints."""
    click.echo(line, err=True)
