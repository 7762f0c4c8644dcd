"""`make demo-lease`: what can't be judged is sold in small steps, on a whole market here.

A program computes in a room of a miner's and is paid by the second; its requester is killed in the
middle and goes on. Two miners keep a file, one is lost with its disk, the copy is made again, and
proofs are paid. 2,000 tiny tasks are run for vouchers, and again through deals. KILL=miner kills
the session's miner instead; VOUCHER=none plays the session alone, with a requester that signs one
voucher and no other: the miner stops after what that pays. KEEP=1 leaves the chain running.

All that was sent and every balance, before and after, is in reports/lease.json. It ends well only
if what had to happen did, and if every base unit is where it must be. Takes root: rooms are
cgroups and mounts.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from unittest import mock

from suanli.base.amounts import show
from suanli.base.errors import SuanliError
from suanli.chain import (
    CursorState,
    Event,
    EventCursor,
    PaymentChannels,
    StorageDeals,
    caught_up,
)
from suanli.cli.output import print_table
from suanli.devnet import DEPLOYER, OTHERS, Child, Devnet, DevnetError, DevnetSale, processes
from suanli.devnet.network import RESOURCE
from suanli.lease.storage.owner.finding import offers
from suanli.lease.user.finding import of_class
from suanli.relay import RelayClient
from tests.harness.lease_coins import LeaseCoins
from tools import lease_sessions, lease_storage, lease_swarm
from tools.lease_part import Changes, PartFailed, together

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "reports/lease.json"
MINERS = lease_storage.KEEPERS
SALE = DevnetSale(speed=25.0, capacity=5_000)
"""Tasks a second, of which two cores do many more: no deal is late."""
TO_SELL = 120.0
"""Seconds until everything is offered."""


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
    net = LeasingDevnet(folder, MINERS, SALE, _say, leases=1, keepers=MINERS)
    net.keep = keep
    with net:
        channels, deals = (
            PaymentChannels(net.node, net.channels),
            StorageDeals(net.node, net.storage),
        )
        _say(f"channels  {channels.address}")
        _say(f"storage   {deals.address}")
        _await_offers(net)
        _say(f"\nready after {time.monotonic() - begun:.0f} s\n")
        coins = LeaseCoins(net.market, channels, deals, _names(net, channels, deals), _miners(net))
        told: dict[str, Any] = {}
        changes = list(_parts(net, coins, kill, voucher, told))
        happened = events_of(net)
        _tell(coins)
        _require_balances(coins, together(changes))
        _write(report, net, coins, told, happened, time.monotonic() - begun)
        if keep:
            pid = net.children["chain"].pid
            _say(f"the chain goes on at {net.rpc}; `kill {pid}` ends it")
    _say(f"\nAll of it took {time.monotonic() - begun:.0f} s.")


def _parts(
    net: Devnet, coins: LeaseCoins, kill: str, voucher: str, told: dict[str, Any]
) -> Iterator[Changes]:
    """What each changed of what everybody owns; `told`: what happened, for the report."""
    if voucher == "none":
        told["sessions"] = lease_sessions.play(net, kill, voucher, _say)
        yield lease_sessions.require(told["sessions"], events_of(net), coins)
        return

    def happened() -> list[Event]:
        return events_of(net)

    kept = lease_storage.begin(net, coins, _say)
    _say("")
    told["sessions"] = lease_sessions.play(net, kill, voucher, _say)
    _say("")
    told["swarm"] = lease_swarm.play(net, coins, _say)
    lease_swarm.play_deals(net, told["swarm"], happened, _say)
    _say("")
    told["storage"] = lease_storage.finish(net, kept, coins, happened, _say)
    yield lease_sessions.require(told["sessions"], happened(), coins)
    yield lease_storage.require(told["storage"], kept, happened(), coins)
    yield lease_swarm.require(told["swarm"], happened(), coins)


def _await_offers(net: Devnet) -> None:
    """Miners come to sell rooms, space and tasks for vouchers a little after they sell deals."""
    ends = time.monotonic() + TO_SELL
    with closing(RelayClient(net.relay, net.market.domain)) as relay:
        while not (
            len(offers(net.market, relay, None, 18)) == MINERS
            and len(relay.hostings(RESOURCE)) == MINERS
            and of_class(net.market, relay, "cpu")
        ):
            if time.monotonic() > ends:
                raise DevnetError(f"not all is offered after {TO_SELL:.0f} s: see {net.folder}")
            time.sleep(0.2)


def _require_balances(coins: LeaseCoins, changes: Changes) -> None:
    """Each base unit that moved was paid in one of the parts."""
    for who, now in coins.worth().items():
        if now - coins.before[who] != changes.get(who, 0):
            raise PartFailed(
                f"{coins.names[who]} has {now - coins.before[who]} base units more, and"
                f" {changes.get(who, 0)} by what was paid"
            )
    _say("each base unit that moved was paid in one of the parts: the sums agree to the last one")


def _names(net: Devnet, channels: PaymentChannels, deals: StorageDeals) -> dict[str, str]:
    """All that may own tokens."""
    terms = net.market.terms_of(net.market.terms_count())
    named = {
        DEPLOYER.address: "deployer",
        OTHERS[0]: "guardian",
        net.market.address: "market",
        channels.address: "channels",
        deals.address: "storage deals",
        terms.treasury: "treasury (fees)",
        terms.reward_pool: "reward pool",
    }
    named.setdefault(channels.treasury(), "treasury of the channels")
    named.setdefault(deals.treasury(), "treasury of the storage deals")
    for stored in net.keys.list():
        named.setdefault(stored.address, stored.name)
    return named


def _miners(net: Devnet) -> dict[str, int]:
    found = {who: net.market.miner_account(who) for who in net.miners}
    return {who: account.miner_id for who, account in found.items() if account is not None}


def events_of(net: Devnet) -> list[Event]:
    """All of market, channels and storage deals, in their order."""
    found: list[Event] = []
    for address in (net.market.address, net.channels, net.storage):
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
    _say("\nwho owns what, in wallets and in the contracts together:")
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
        "storage_deals": coins.deals.address,
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
