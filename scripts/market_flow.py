"""brownie run market_flow: the ten steps of a compute trade on a local chain, told as they happen.

Two requesters and two miners; one deal is posted and paid after the challenge window, one is signed
and paid at once, one is broken and costs its miner. In the end every base unit is accounted for.
"""

from __future__ import annotations

import sys

from brownie import chain
from brownie.exceptions import VirtualMachineError

from scripts import work
from scripts.chain import is_development
from scripts.helpers import (
    CPU,
    DAY,
    HOUR,
    accept,
    attest,
    contract,
    deposit,
    price,
    request,
    sign,
    tokens,
)
from scripts.ledger import Ledger
from scripts.tables import print_table, say, short, title, yes_no
from suanli.protocol import Request
from suanli.protocol.result_tree import verify

POWER = {"Mei": 500, "Lin": 300}
ASK = {"Mei": "0.40", "Lin": "0.45"}
BID = "0.90"


def main() -> None:
    if not is_development():
        sys.exit("market_flow: it mints money and turns the clock, so it runs on local chains only")
    Flow().run()


class Flow(Ledger):
    """The story; `Ledger` knows the people and shows how they stand."""

    def run(self) -> None:
        print(f"\nThe market is at {self.market.address}, prices are in tokens per unit.")
        self.see("nothing is for sale")
        self.register()
        self.verify_identities()
        self.publish_resources()
        posted, signed, signature = self.publish_demand()
        self.initiate(posted)
        self.confirm(posted, signed, signature)
        self.allocate()
        (tree, other) = self.execute()
        self.feed_back(posted, tree, signed, other)
        self.settle(posted, signed)
        self.default()
        self.leave()
        self.show_prices()
        self.show_gas()
        self.account_for_everything()

    # The ten steps

    def register(self) -> None:
        step(1, "Register on the platform")
        say(
            "Mei and Lin become miners. Earnings and stake will only ever go to their "
            "wallets, so the key on the mining machine can't steal them. Requesters need no "
            "registration: Ann and Bo just deposit."
        )
        for miner, power in POWER.items():
            self.send(miner, "registerMiner", self.people[f"{miner}'s wallet"])
            deposit(self.people[miner], 2 * power)
            self.send(miner, "addStake", self.people[miner], price(2 * power))
        for requester in ("Ann", "Bo"):
            deposit(self.people[requester], 500)
        self.show_balances()

    def verify_identities(self) -> None:
        step(2, "Verify identity")
        say(
            "An attestor, here the operator, has seen who Mei is, and signs that: of her miner's "
            "number in its present tenure, and nothing else. Lin it does not know."
        )
        attest(self.people["Operator"], *self.identity("Mei"))
        is_verified = contract("IdentityRegistry").isVerified["uint32,uint32"]
        rows = [(name, yes_no(is_verified(*self.identity(name)))) for name in POWER]
        print_table(("miner", "verified"), rows)

    def identity(self, miner: str) -> tuple[int, int]:
        """What is attested of a miner: it holds for its number, until its tenure ends."""
        account = self.people[miner]
        status = self.market.minerStatus(account)
        return self.market.minerAccount(account)["minerId"], status["tenure"]

    def publish_resources(self) -> None:
        step(3, "Publish resources")
        say(
            "Type, quantity, price and available time. Each unit of capacity is backed by a "
            "stake of 2 tokens. The more there is for sale, the lower the price."
        )
        for miner, power in POWER.items():
            self.send(miner, "registerResource", CPU, power)
            until = chain.time() + 30 * DAY
            self.send(miner, "publishOffer", CPU, power, price(ASK[miner]), until, False)
            self.see(f"{miner} offers {power} units")
        self.show_offers()

    def publish_demand(self) -> tuple[Request, Request, bytes]:
        step(4, "Publish demand")
        say(
            "Ann wants 300 units for 12 tasks within two hours, from a verified miner, and "
            "bids 0.90. Bo signs a request for 200 units to Lin. His signature costs nothing "
            "and can travel by any way; nothing is on chain yet."
        )
        posted = request(self.people["Ann"], 300, BID, tasks=12, duration=2 * HOUR, flags=1, salt=1)
        signed = request(
            self.people["Bo"],
            200,
            BID,
            tasks=8,
            duration=2 * HOUR,
            miner=self.people["Lin"],
            salt=2,
        )
        signature = sign(signed, self.people["Bo"])
        print_table(
            ("request", "by", "units", "tasks", "bid", "miner", "on chain"),
            [
                (
                    short(self.market.requestId(posted)),
                    "Ann",
                    300,
                    12,
                    BID,
                    "any verified",
                    "not yet",
                ),
                (short(self.market.requestId(signed)), "Bo", 200, 8, BID, "Lin", "not yet"),
            ],
        )
        return posted, signed, signature

    def initiate(self, posted: Request) -> None:
        step(5, "Initiate the trade and pay through the contract")
        say(
            "Posting locks 300 x 0.90 = 270 tokens of Ann's deposit: the contract holds them "
            "for whichever miner confirms. Demand raises the price."
        )
        self.send("Ann", "postRequest", posted)
        self.see("Ann posts a request of 300")
        self.show_balances("Ann", "Bo")

    def confirm(self, posted: Request, signed: Request, signature: bytes) -> None:
        step(6, "Miners verify and confirm on chain")
        say("Lin tries to take Ann's request, and is refused:")
        print(f"      {self.refusal('Lin', posted)}\n")
        say(
            "Mei confirms it. The price is the model's without this request's own demand, "
            "within [ask, bid]. Lin confirms Bo's with his signature: only now Bo's money is "
            "locked. Ann's deal is demand for Bo, so his price is higher."
        )
        rows = []
        for name, miner, order, proof in (
            ("Ann", "Mei", posted, b""),
            ("Bo", "Lin", signed, signature),
        ):
            kind = "signed" if proof else "posted"
            receipt = self.send(miner, "confirmRequest", order, proof, kind=kind)
            paid = receipt.events["RequestConfirmed"]["price"]
            self.see(f"{miner} confirms {name}'s {order.units}")
            rows.append((f"{name} - {miner}", order.units, ASK[miner], tokens(paid), BID))
        print_table(("deal", "units", "ask", "price", "bid"), rows)

    def allocate(self) -> None:
        step(7, "Allocate")
        say("The units are reserved in the miners' offers until the deals end.")
        self.show_offers()

    def execute(self) -> tuple[work.Tree, work.Tree]:
        step(8, "Execute")
        say(
            "Each task counts the primes in a range, here in plain Python; `suanli job run` "
            "runs real jobs in the metered sandbox. The tasks' results become the leaves of a "
            "Merkle sum tree."
        )
        rows, trees = [], []
        for name, tasks in (("Ann - Mei", 12), ("Bo - Lin", 8)):
            tree, primes = work.run(tasks, 1_500)
            trees.append(tree)
            rows.append((name, tasks, f"{primes:,} primes", tree.total, short(tree.root)))
        print_table(("deal", "tasks", "answer", "units used", "root"), rows)
        return trees[0], trees[1]

    def feed_back(
        self, posted: Request, tree: work.Tree, signed: Request, other: work.Tree
    ) -> None:
        step(9, "Feed the result back")
        say(
            "Mei submits root and units: the challenge window of a day begins. Bo re-runs one "
            "of his tasks, compares its leaf, and signs his acceptance: Lin submits it and is "
            "paid at once."
        )
        self.send("Mei", "submitResult", posted, tree.root, tree.total)
        again = work.leaf(5, 1_500)
        good = verify(other.root, other.total, 8, again, other.path(5))
        say(f"Bo's audit of task 5: {'the leaf is in the tree' if good else 'WRONG RESULT'}")
        if not good:
            sys.exit("market_flow: the audit failed")
        acceptance = accept(signed, other.root, other.total, self.people["Bo"])
        self.send("Lin", "submitAccepted", signed, other.root, other.total, acceptance)
        self.see("Bo's deal is settled")
        self.show_states(("Ann - Mei", posted), ("Bo - Lin", signed))

    def settle(self, posted: Request, signed: Request) -> None:
        step(10, "Settle the reward")
        say(
            "A day passes and nobody challenged Mei's result: now anybody may settle it. The "
            "fee of 1 % goes to the treasury, what was bid above the price, or not used, back "
            "to Ann."
        )
        chain.sleep(DAY + 1)
        chain.mine()
        self.send("Operator", "settle", posted)
        self.see("Ann's deal is settled")
        self.show_states(("Ann - Mei", posted), ("Bo - Lin", signed))
        rows = []
        for name, order in (("Ann - Mei", posted), ("Bo - Lin", signed)):
            event = self.settled[bytes(self.market.requestId(order))]
            amounts = [event["paid"], event["fee"], event["refunded"]]
            locked = order.units * order.max_price
            if sum(amounts) != locked:
                sys.exit(f"market_flow: {name}: paid + fee + refunded is not what was locked")
            rows.append((name, *map(tokens, [locked, *amounts])))
        print_table(("deal", "locked", "= paid", "+ fee", "+ refunded"), rows)
        self.show_miners()

    # What else can happen

    def default(self) -> None:
        title("And if a miner does not deliver?")
        say(
            "Lin takes 100 units more from Bo and goes away. After the deadline anybody may "
            "claim the default: Bo gets his money back; 30 % of Lin's collateral goes to the "
            "reward pool, and nothing to Bo, whom his signature has cost nothing."
        )
        order = request(
            self.people["Bo"], 100, BID, duration=HOUR, miner=self.people["Lin"], salt=3
        )
        self.send("Lin", "confirmRequest", order, sign(order, self.people["Bo"]), kind="signed")
        chain.sleep(HOUR + 1)
        chain.mine()
        receipt = self.send("Operator", "claimDefault", order)
        slashed = receipt.events["StakeSlashed"]
        self.see("Lin defaults, 30 units are lost")
        print_table(
            ("deal", "locked", "refunded", "slashed", "to the reward pool"),
            [
                (
                    "Bo - Lin",
                    tokens(order.units * order.max_price),
                    tokens(receipt.events["RequestDefaulted"]["refunded"]),
                    tokens(slashed["compensation"] + slashed["poolShare"]),
                    tokens(slashed["poolShare"]),
                )
            ],
        )
        self.show_miners()

    def leave(self) -> None:
        title("Everybody takes what is theirs")
        say(
            "Requesters withdraw, miners' earnings go to their wallets, Mei takes her stake "
            "out after the unbonding delay of a week. Lin stays."
        )
        for miner in POWER:
            self.send(miner, "collectEarnings", self.people[miner])
        self.send("Mei", "withdrawOffer", CPU)
        self.see("Mei withdraws her offer")
        self.send("Mei", "registerResource", CPU, 0)
        self.send("Mei", "startUnbonding", self.people["Mei"], price(2 * POWER["Mei"]))
        chain.sleep(7 * DAY + 1)
        chain.mine()
        self.send("Mei", "withdrawStake", self.people["Mei"])
        for name in ("Ann", "Bo", "Treasury"):
            available, _ = self.market.accountOf(self.people[name])
            self.send(name, "withdraw", self.people[name], available)
        self.show_balances()

    def refusal(self, who: str, order: Request) -> str:
        """The error that a confirmation would end with."""
        try:
            self.market.confirmRequest.call(order, b"", {"from": self.people[who]})
        except VirtualMachineError as error:
            return str(error.revert_msg).split(":")[0]
        sys.exit("market_flow: an unverified miner could confirm a request for verified ones")


def step(number: int, text: str) -> None:
    title(f"Step {number}: {text}")
