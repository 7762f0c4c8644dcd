"""`make demo-lease`: what can't be judged is sold in small steps, on a whole market here.

A program computes in a room of a miner's and is paid by the second; its requester is killed in the
middle and goes on. Two miners keep a file, one is lost with its disk, the copy is made again, and
proofs are paid. 2,000 tiny tasks are run for vouchers, and again through deals. KILL=miner kills
the session's miner instead; PART=session plays the session alone, and VOUCHER=none does with a
requester that signs one voucher and no other: the miner stops after what that pays. KEEP=1 leaves
the chain running.

All that was sent and every balance, before and after, is in reports/lease.json. It ends well only
if what had to happen did, and if every base unit is where it must be. Takes root: rooms are
cgroups and mounts.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from suanli.chain import (
    Event,
    PaymentChannels,
    StorageDeals,
)
from suanli.devnet import DEPLOYER, OTHERS, Devnet, DevnetError, DevnetSale
from suanli.devnet.network import RESOURCE
from suanli.lease.sandbox import Sandbox, SandboxSettings
from suanli.lease.storage.owner.finding import offers
from suanli.lease.user.finding import of_class
from suanli.relay import RelayClient
from tests.harness.lease_coins import LeaseCoins
from tools import lease_sessions, lease_storage, lease_swarm
from tools.demo_frame import (
    ROOT,
    KeptChain,
    events_of,
    play_in_folder,
    print_coins,
    say,
    write_report,
)
from tools.lease_part import Changes, PartFailed, together

REPORT = ROOT / "reports/lease.json"
MINERS = lease_storage.KEEPERS
SALE = DevnetSale(speed=25.0, capacity=5_000)
"""Tasks a second, of which two cores do many more: no deal is late."""
TO_SELL = 120.0
"""Seconds until everything is offered."""


def demo(
    folder: Path,
    keep: bool,
    kill: str,
    voucher: str,
    report: Path = REPORT,
    part: str = "all",
) -> None:
    """Play it all, or the session alone. Raises SuanliError: what does not hold."""
    begun = time.monotonic()
    alone = part == "session" or voucher == "none"
    net = KeptChain(
        folder, 1 if alone else MINERS, SALE, say, leases=1, keepers=0 if alone else MINERS
    )
    net.keep = keep
    with net:
        channels, deals = (
            PaymentChannels(net.node, net.channels),
            StorageDeals(net.node, net.storage),
        )
        say(f"channels  {channels.address}")
        say(f"storage   {deals.address}")
        _await_offers(net, alone)
        say(f"\nready after {time.monotonic() - begun:.0f} s\n")
        coins = LeaseCoins(net.market, channels, deals, _names(net, channels, deals), _miners(net))
        told: dict[str, Any] = {}
        changes = list(_parts(net, coins, kill, voucher, alone, told))
        happened = _happened(net)
        say("\nwho owns what, in wallets and in the contracts together:")
        print_coins(coins, 18)
        _require_balances(coins, together(changes))
        contracts = {"channels": channels.address, "storage_deals": deals.address}
        seconds = time.monotonic() - begun
        write_report(report, net, coins, happened, seconds, contracts, told)
        net.tell_kept()
    say(f"\nAll of it took {time.monotonic() - begun:.0f} s.")


def _parts(
    net: Devnet, coins: LeaseCoins, kill: str, voucher: str, alone: bool, told: dict[str, Any]
) -> Iterator[Changes]:
    """What each changed of what everybody owns; `told`: what happened, for the report."""
    if alone:
        told["sessions"] = lease_sessions.play(net, kill, voucher, say)
        yield lease_sessions.require(told["sessions"], _happened(net), coins)
        return

    def happened() -> list[Event]:
        return _happened(net)

    kept = lease_storage.begin(net, coins, say)
    say("")
    told["sessions"] = lease_sessions.play(net, kill, voucher, say)
    say("")
    told["swarm"] = lease_swarm.play(net, coins, say)
    lease_swarm.play_deals(net, told["swarm"], happened, say)
    say("")
    told["storage"] = lease_storage.finish(net, kept, coins, happened, say)
    yield lease_sessions.require(told["sessions"], happened(), coins)
    yield lease_storage.require(told["storage"], kept, happened(), coins)
    yield lease_swarm.require(told["swarm"], happened(), coins)


def _await_offers(net: Devnet, alone: bool) -> None:
    """Miners come to sell rooms, space and tasks for vouchers a little after they sell deals."""
    ends = time.monotonic() + TO_SELL
    with closing(RelayClient(net.relay, net.market.domain)) as relay:
        while not (
            of_class(net.market, relay, "cpu")
            and (
                alone
                or len(offers(net.market, relay, None, 18))
                == len(relay.hostings(RESOURCE))
                == MINERS
            )
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
    say("each base unit that moved was paid in one of the parts: the sums agree to the last one")


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


def _happened(net: Devnet) -> list[Event]:
    """All of market, channels and storage deals, in their order."""
    return events_of(net.node, (net.market.address, net.channels, net.storage))


def main() -> None:
    kill, voucher = os.environ.get("KILL", "requester"), os.environ.get("VOUCHER", "all")
    part = os.environ.get("PART", "all")
    right = part in ("all", "session") and voucher in ("all", "none")
    if kill not in ("requester", "miner", "none") or not right:
        print(
            "KILL is requester, miner or none; VOUCHER is all or none; PART is all or session",
            file=sys.stderr,
        )
        raise SystemExit(2)
    if problems := Sandbox(SandboxSettings(Path("/tmp"), Path("/"))).problems():
        print(f"no room can be opened here: {'; '.join(problems)}", file=sys.stderr)
        raise SystemExit(1)
    if sys.argv[1:] == ["--rooms"]:  # that was all
        return
    keep = os.environ.get("KEEP") == "1"
    play_in_folder("suanli-lease-", keep, lambda at: demo(at, keep, kill, voucher, part=part))


if __name__ == "__main__":
    main()
