"""Who takes part in the flow, what they own, how the price moved, and the proof at the end."""

from __future__ import annotations

import sys
from typing import Any

from brownie import accounts, history
from brownie.network.transaction import TransactionReceipt

from scripts.helpers import CPU, contract, deploy, tokens
from scripts.tables import print_table, say, title, yes_no
from suanli.protocol import Request, State

MINERS = ("Mei", "Lin")


class Ledger:
    """A new market with its people. Amounts are shown in tokens."""

    def __init__(self) -> None:
        self.market = deploy()
        self.token = contract("Token")
        names = ("Operator", "Ann", "Bo", "Mei", "Lin", "Mei's wallet", "Lin's wallet")
        self.people: dict[str, Any] = dict(zip(names, accounts[:7], strict=True))
        for name, account in zip(("Treasury", "Reward pool"), accounts[8:10], strict=True):
            self.people[name] = account
        self.gas: dict[str, list[int]] = {}
        self.prices: list[tuple[object, ...]] = []

    def send(self, who: str, method: str, *arguments: Any, kind: str = "") -> TransactionReceipt:
        receipt = getattr(self.market, method)(*arguments, {"from": self.people[who]})
        self.gas.setdefault(f"{method} ({kind})" if kind else method, []).append(receipt.gas_used)
        return receipt

    @property
    def settled(self) -> dict[bytes, Any]:
        """All RequestSettled events, by request."""
        events = [event for receipt in history for event in receipt.events]
        return {bytes(event["id"]): event for event in events if event.name == "RequestSettled"}

    # What is shown

    def see(self, event: str) -> None:
        """Tell the price after an event, and keep it with supply and demand for the end."""
        now = tokens(self.market.priceOf(CPU))
        self.prices.append((event, *self.market.supplyOf(CPU), now))
        print(f"   ▸ {event}: the price is {now}\n")

    def show_prices(self) -> None:
        title("How the price moved")
        say("P = 1 + 0.0005 (R_d - R_p), the preset `excess-demand`; docs/pricing.md explains it.")
        print_table(("after", "R", "R_p", "R_d", "R_unused", "price"), self.prices)

    def show_balances(self, *names: str) -> None:
        rows = []
        for name in names or self.people:
            account = self.people[name]
            available, locked = self.market.accountOf(account)
            stake, earnings = self.stake_and_earnings(name)
            amounts = (self.token.balanceOf(account), available, locked, stake, earnings)
            rows.append((name, *map(tokens, amounts)))
        print_table(("tokens of", "wallet", "available", "locked", "stake", "earned"), rows)

    def show_offers(self) -> None:
        rows = []
        for miner in MINERS:
            offer = self.market.offerOf(self.people[miner], CPU)
            free = offer["published"] - offer["reserved"]
            ask = tokens(offer["ask"])
            rows.append(
                (miner, offer["capacity"], offer["published"], offer["reserved"], free, ask)
            )
        print_table(("units of", "capacity", "published", "reserved", "free", "ask"), rows)

    def show_miners(self) -> None:
        names = ("computePower", "stake", "pledged", "completed", "defaulted", "lastPaymentTime")
        rows = []
        for miner in MINERS:
            status = self.market.minerStatus(self.people[miner])
            shown = [
                tokens(status[name]) if name in ("stake", "pledged") else status[name]
                for name in names
            ]
            rows.append((miner, *shown))
        print_table(("minerStatus", *names), rows)

    def show_states(self, *deals: tuple[str, Request]) -> None:
        rows = [(name, State(self.market.stateOf(order)).name.title()) for name, order in deals]
        print_table(("deal", "state"), rows)

    def show_gas(self) -> None:
        title("Gas")
        say(
            "Of whole transactions. First ones of an account cost more than later ones; `make "
            "bench` measures the steady state."
        )
        rows = [(name, len(used), f"{sum(used) // len(used):,}") for name, used in self.gas.items()]
        print_table(("call", "times", "gas each"), rows)

    # The proof

    def account_for_everything(self) -> None:
        title("Is every base unit accounted for?")
        held = self.token.balanceOf(self.market)
        owed = 0
        for name, account in self.people.items():
            owed += sum(self.market.accountOf(account)) + sum(self.stake_and_earnings(name))
        everybody = [*accounts[:10], self.market]
        circulating = sum(self.token.balanceOf(account) for account in everybody)
        checks = [
            ("the market holds = it owes", held, owed),
            ("all balances = all tokens", circulating, self.token.totalSupply()),
        ]
        rows = [
            (name, f"{left:,}", f"{right:,}", yes_no(left == right)) for name, left, right in checks
        ]
        print_table(("in base units", "one side", "the other", "equal"), rows)
        if any(left != right for _, left, right in checks):
            sys.exit("market_flow: tokens are missing, or too many")
        say("Yes.")

    def stake_and_earnings(self, name: str) -> tuple[int, int]:
        if name not in MINERS or not self.gas.get("registerMiner"):
            return 0, 0
        account = self.people[name]
        stake = self.market.minerStatus(account)["stake"]
        return stake, self.market.minerAccount(account)["earnings"]
