"""`make demo-lease`: a stranger's machine is leased, paid by the second, on a whole market here.

A program computes in a room of a miner's; its requester is killed in the middle and goes on. KILL=
miner kills the miner instead; VOUCHER=none has a requester that signs one voucher and no other, and
the miner stops after what that pays. KEEP=1 leaves the chain running. All that was sent and every
balance, before and after, is in reports/lease.json. It ends well only if what had to happen did,
and if every base unit is where the coins say. Takes root: rooms are cgroups and mounts.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

from suanli.base.amounts import show
from suanli.base.errors import SuanliError
from suanli.chain import CursorState, Event, EventCursor, PaymentChannels, caught_up
from suanli.cli.output import print_table
from suanli.devnet import DEPLOYER, OTHERS, Child, Devnet, DevnetSale, processes
from tests.harness.lease_coins import LeaseCoins
from tools import lease_sessions

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "reports/lease.json"
SALE = DevnetSale(speed=100.0, capacity=1_000, ask="1")


class LeasingDevnet(Devnet):
    """Its chain goes on when all else has ended, if it is to be kept."""

    keep = False

    def start(self, name: str, command: Sequence[str], **more: Any) -> Child:
        if name != "chain" or not self.keep:
            return super().start(name, command, **more)
        with mock.patch.object(processes, "_die_with_parent", return_value=None):
            return Child(name, command, self.folder / f"{name}.log", **more)


def demo(folder: Path, keep: bool, kill: str, voucher: str, report: Path = REPORT) -> None:
    """Play it all. Raises SuanliError: what does not hold."""
    begun = time.monotonic()
    net = LeasingDevnet(folder, 1, SALE, _say, leases=1)
    net.keep = keep
    with net:
        channels = PaymentChannels(net.node, net.channels)
        _say(f"channels  {channels.address}")
        _say(f"\nready after {time.monotonic() - begun:.0f} s\n")
        coins = LeaseCoins(net.market, channels, _names(net, channels), _miners(net))
        told = {"sessions": lease_sessions.play(net, kill, voucher, _say)}
        happened = events_of(net, channels)
        lease_sessions.require(told["sessions"], happened, coins)
        _tell(coins)
        _write(report, net, coins, told, happened, time.monotonic() - begun)
        if keep:
            pid = net.children["chain"].pid
            _say(f"the chain goes on at {net.rpc}; `kill {pid}` ends it")
    _say(f"\nAll of it took {time.monotonic() - begun:.0f} s.")


def _names(net: Devnet, channels: PaymentChannels) -> dict[str, str]:
    """All that may own tokens."""
    terms = net.market.terms_of(net.market.terms_count())
    named = {
        DEPLOYER.address: "deployer",
        OTHERS[0]: "guardian",
        net.market.address: "market",
        channels.address: "channels",
        terms.treasury: "treasury (fees)",
        terms.reward_pool: "reward pool",
    }
    named.setdefault(channels.treasury(), "treasury of the channels")
    for stored in net.keys.list():
        named.setdefault(stored.address, stored.name)
    return named


def _miners(net: Devnet) -> dict[str, int]:
    found = {who: net.market.miner_account(who) for who in net.miners}
    return {who: account.miner_id for who, account in found.items() if account is not None}


def events_of(net: Devnet, channels: PaymentChannels) -> list[Event]:
    """All of market and channels, in their order."""
    found: list[Event] = []
    for address in (net.market.address, channels.address):
        for batch in caught_up(EventCursor(net.node, address), CursorState.from_block(0)):
            found += batch.events
    return sorted(found, key=lambda event: event.at)


def _tell(coins: LeaseCoins) -> None:
    """Where each coin went."""
    decimals, now = coins.token.decimals(), coins.worth()
    rows = [
        (
            name,
            show(coins.before[who], decimals),
            show(now[who], decimals),
            _change(coins, who, now),
        )
        for who, name in coins.names.items()
    ]
    rows.append(("all", *(show(sum(of.values()), decimals) for of in (coins.before, now)), "0"))
    _say("")
    print_table(("tokens of", "before", "after", "change"), rows, (1, 2, 3))


def _change(coins: LeaseCoins, who: str, now: dict[str, int]) -> str:
    amount = now[who] - coins.before[who]
    sign = "+" if amount > 0 else "-" if amount else ""
    return f"{sign}{show(abs(amount), coins.token.decimals(), 18)}"


def _write(
    path: Path,
    net: Devnet,
    coins: LeaseCoins,
    told: dict[str, Any],
    happened: list[Event],
    seconds: float,
) -> None:
    now = coins.worth()
    report = {
        "seconds": round(seconds, 1),
        "rpc": net.rpc,
        "chain_id": net.node.chain_id(),
        "market": coins.market.address,
        "channels": coins.channels.address,
        "token": coins.token.address,
        **told,
        "balances": {
            name: {
                "address": who,
                "before": str(coins.before[who]),
                "after": str(now[who]),
                "change": str(now[who] - coins.before[who]),
            }
            for who, name in coins.names.items()
        },
        "supply": str(coins.token.total_supply()),
        "transactions": [
            {
                "event": type(event).__name__,
                "transaction": event.at.transaction,
                "block": event.at.block,
                **{name: _plain(value) for name, value in vars(event).items() if name != "at"},
            }
            for event in happened
        ],
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n")
    _say(f"\n{path.name}: {len(happened)} events with their transactions")


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) >= 2**53 else int(value)
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: _plain(one) for name, one in value._asdict().items()}
    return str(value) if not isinstance(value, str | bool | None) else value


def _say(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    kill, voucher = os.environ.get("KILL", "requester"), os.environ.get("VOUCHER", "all")
    if kill not in ("requester", "miner", "none") or voucher not in ("all", "none"):
        print("KILL is requester, miner or none; VOUCHER is all or none", file=sys.stderr)
        raise SystemExit(2)
    keep = os.environ.get("KEEP") == "1"
    prefix = "suanli-lease-"
    with ExitStack() as ends:
        # A chain that goes on needs its folder.
        if keep:
            folder = tempfile.mkdtemp(prefix=prefix)
        else:
            folder = ends.enter_context(tempfile.TemporaryDirectory(prefix=prefix))
        try:
            demo(Path(folder), keep, kill, voucher)
        except SuanliError as error:
            raise SystemExit(f"the demo failed: {error}") from error


if __name__ == "__main__":
    main()
