"""brownie run governance: a vote changes a fee, from proposal to effect, on a local chain.

A deal that is live when the vote takes effect keeps the fee that it was made with, and so does a
request that was signed before. `VOTE=against brownie run governance` shows that nothing happens
when the vote fails. What was done is written to reports/governance.json.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from brownie import accounts, chain, network, web3
from brownie.exceptions import VirtualMachineError

from scripts.chain import is_development
from scripts.helpers import (
    DAY,
    ROOT,
    accept,
    add_miner,
    contract,
    deploy,
    deposit,
    request,
    sign,
    tokens,
)
from scripts.tables import print_table, say, title
from suanli.base.text import percent
from suanli.chain import Market, connect
from suanli.governance import (
    Governor,
    Proposal,
    Support,
    ballot_typed_data,
    described,
    explain,
    hex_of,
    planned,
)
from suanli.protocol import Request

REPORT = Path(__file__).resolve().parent.parent / "reports" / "governance.json"
NEW_FEE = 250
"""Basis points."""
TEXT = "Raise the fee to 2.5 %, to pay for the relay"
OPERATOR, MEI, ANN = 0, 5, 6
"""Accounts: who deployed, a miner, a requester. Accounts 1 to 5 vote."""
VOTERS = range(1, 6)


def main() -> None:
    wanted = os.environ.get("VOTE", "for")
    if wanted not in ("for", "against"):
        sys.exit(f"governance: VOTE is for or against, not {wanted!r}")
    if not is_development():
        sys.exit("governance: it turns the clock by days, so it runs on local chains only")
    Vote(wanted == "for").run()


class Vote:
    """The story. `passes`: whether most of the voters are for it."""

    def __init__(self, passes: bool) -> None:
        self.passes = passes
        self.market = deploy()
        self.governor, self.token = contract("MarketGovernor"), contract("MarketToken")
        node = connect(web3.provider)
        self.council = Governor.of(Market(node, self.market.address))
        self.transactions: dict[str, str] = {}
        self.old = self.market.termsOf(1)["feeBps"]

    def run(self) -> None:
        self.introduce()
        live, waiting = self.trade()
        proposal = self.propose()
        self.vote(proposal)
        if self.passes:
            self.take_effect(proposal)
        else:
            self.fail(proposal)
        fees = self.settle(live, waiting)
        self.write(proposal, fees)

    # The steps

    def introduce(self) -> None:
        title("Who decides")
        rules = self.council.rules()
        say(
            "The market's owner is a timelock, which does what a vote decided. The account that "
            "deployed it owns nothing:"
        )
        self.refused("the operator adds terms", "addTerms", self.terms(NEW_FEE))
        print_table(
            ("votes of", "tokens", "share"),
            [
                (
                    accounts[number].address,
                    tokens(self.token.balanceOf(accounts[number])),
                    f"{self.token.balanceOf(accounts[number]) / rules.distributed:.0%}",
                )
                for number in VOTERS
            ],
        )
        say(
            f"The rest of the {tokens(rules.supply)} tokens is the timelock's, is not distributed, "
            f"and does not vote. A quorum is {percent(rules.quorum_bps)} of what is distributed."
        )

    def trade(self) -> tuple[Request, Request]:
        title("A deal, and a request that is only signed")
        add_miner(accounts[MEI], power=1_000, ask=1)
        deposit(accounts[ANN], 5_000)
        live = request(
            accounts[ANN], units=100, max_price=1, miner=accounts[MEI], duration=30 * DAY
        )
        waiting = request(
            accounts[ANN],
            units=100,
            max_price=1,
            miner=accounts[MEI],
            confirm_by=chain.time() + 60 * DAY,
        )
        signature = sign(live, accounts[ANN])
        self.done("deal", self.market.confirmRequest(live, signature, {"from": accounts[MEI]}))
        self.signature = sign(waiting, accounts[ANN])
        say(
            f"Ann buys 100 units from Mei under terms 1, whose fee is {percent(self.old)}. She "
            "signs a second request, which Mei has not confirmed yet."
        )
        return live, waiting

    def propose(self) -> Proposal:
        title("Propose")
        calls = [planned(f"addTerms fee_bps={NEW_FEE}", self.council)]
        for change in explain(calls, self.council):
            say(f"{TEXT}: {change.told}")
            print_table(("what", "old", "new"), change.differs)
            say(f"It affects {change.affects}.")
        turn(1)
        (call,) = calls
        text = described(TEXT, accounts[1].address)
        receipt = self.governor.propose(
            [call.target], [0], [call.data], text, {"from": accounts[1]}
        )
        self.done("propose", receipt)
        (proposal,) = self.council.proposals()
        return proposal

    def vote(self, proposal: Proposal) -> None:
        title("Vote")
        self.refused_vote(proposal)
        turn(self.governor.votingDelay() + 1)
        first, second = (Support.FOR, Support.AGAINST)[:: 1 if self.passes else -1]
        for number, support in ((1, first), (2, first), (4, second), (5, Support.ABSTAIN)):
            receipt = self.governor.castVote(proposal.id, support, {"from": accounts[number]})
            self.done(f"vote of account {number}", receipt)
        signature = self.ballot(proposal, accounts[3], first)
        receipt = self.governor.castVoteBySig(
            proposal.id, first, accounts[3], signature, {"from": accounts[OPERATOR]}
        )
        self.done("vote of account 3, by signature", receipt)
        votes = self.council.votes(proposal)
        print_table(
            ("for", "against", "abstained", "quorum"),
            [tuple(map(tokens, (votes.in_favour, votes.against, votes.abstained, votes.quorum)))],
        )
        say("Account 3 signed its vote, and the operator brought it: that cost account 3 no gas.")
        turn(self.governor.proposalDeadline(proposal.id) - chain.time() + 1)
        say(f"When the vote is over the proposal has {'passed' if self.passes else 'failed'}.")

    def take_effect(self, proposal: Proposal) -> None:
        title("Queue, wait, execute")
        sender = {"from": accounts[OPERATOR]}
        self.done("queue", self.governor.queue(*proposal.arguments, sender))
        print(f"   too early: {self.error('execute', *proposal.arguments)}\n")
        turn(contract("MarketTimelock").getMinDelay())
        self.done("execute", self.governor.execute(*proposal.arguments, sender))
        old, new = (percent(self.market.termsOf(number)["feeBps"]) for number in (1, 2))
        say(
            f"After two days anybody could execute it. There are terms 2 now, with a fee of {new}; "
            f"that of terms 1 is {old}, as it was."
        )

    def fail(self, proposal: Proposal) -> None:
        title("Nothing happens")
        for step in ("queue", "execute"):
            print(f"   {step}: {self.error(step, *proposal.arguments)}")
        print()
        say(f"There is {self.market.termsCount()} record of terms, as before.")

    def settle(self, live: Request, waiting: Request) -> dict[str, int]:
        title("What deals pay")
        self.market.confirmRequest(waiting, self.signature, {"from": accounts[MEI]})
        fees = {
            "the deal that was live": self.fee(live),
            "the request signed before": self.fee(waiting),
        }
        terms = self.market.termsCount()
        new = request(accounts[ANN], units=100, max_price=1, miner=accounts[MEI], terms=terms)
        self.market.confirmRequest(new, sign(new, accounts[ANN]), {"from": accounts[MEI]})
        fees["a new deal"] = self.fee(new)
        print_table(
            ("", "paid", "fee"),
            [(name, tokens(100 * 10**18), tokens(fee)) for name, fee in fees.items()],
        )
        expected = [self.old, self.old, NEW_FEE if self.passes else self.old]
        if list(fees.values()) != [10**18 * 100 * bps // 10_000 for bps in expected]:
            sys.exit("governance: a deal paid another fee than its terms say")
        return fees

    # Their parts

    def fee(self, order: Request) -> int:
        acceptance = accept(order, ROOT, order.units, accounts[ANN])
        receipt = self.market.submitAccepted(
            order, ROOT, order.units, acceptance, {"from": accounts[MEI]}
        )
        return int(receipt.events["RequestSettled"]["fee"])

    def terms(self, fee: int) -> tuple[Any, ...]:
        record = list(self.market.termsOf(1))
        record[1] = fee
        return tuple(record)

    def ballot(self, proposal: Proposal, voter: Any, support: int) -> bytes:
        """The voter's signature, by the chain that keeps its key."""
        where = web3.eth.chain_id, self.governor.address
        nonce = self.governor.nonces(voter)
        data = ballot_typed_data(*where, proposal.id, support, voter.address, nonce)
        answer = web3.provider.make_request("eth_signTypedData_v4", [voter.address, data])
        if "error" in answer:
            sys.exit(
                f"governance: the chain does not sign for {voter}: {answer['error']['message']}"
            )
        return bytes.fromhex(answer["result"].removeprefix("0x"))

    def refused(self, what: str, method: str, *arguments: Any) -> None:
        try:
            getattr(self.market, method).call(*arguments, {"from": accounts[OPERATOR]})
        except VirtualMachineError as error:
            print(f"   {what}: {named(error)}\n")
            return
        sys.exit(f"governance: {what}, and could")

    def refused_vote(self, proposal: Proposal) -> None:
        print(f"   before the vote begins: {self.error('castVote', proposal.id, 1)}\n")

    def error(self, method: str, *arguments: Any) -> str:
        """The error with which the governor refuses."""
        try:
            getattr(self.governor, method).call(*arguments, {"from": accounts[1]})
        except VirtualMachineError as error:
            return named(error)
        sys.exit(f"governance: {method} was possible when it must not be")

    def done(self, what: str, receipt: Any) -> None:
        self.transactions[what] = receipt.txid
        print(f"   ▸ {what}: {receipt.txid}")

    def write(self, proposal: Proposal, fees: dict[str, int]) -> None:
        names = ("ComputeMarket", "MarketGovernor", "MarketTimelock", "MarketToken")
        newest = self.market.termsCount()
        report = {
            "network": network.show_active(),
            "chain_id": web3.eth.chain_id,
            "addresses": {name: contract(name).address for name in names},
            "proposal": hex_of(proposal.id),
            "text": TEXT,
            "outcome": self.council.standing(proposal).name.lower(),
            "transactions": self.transactions,
            "fee_bps": {"old": self.old, "new": self.market.termsOf(newest)["feeBps"]},
            "terms": {"old": 1, "new": newest},
            "fees_paid": {name: str(fee) for name, fee in fees.items()},
        }
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(json.dumps(report, indent=2) + "\n")
        print(f"   {os.path.relpath(REPORT)} has addresses, transactions and values.")


def named(error: VirtualMachineError) -> str:
    """The error's name."""
    return str(error.revert_msg).split(":")[0]


def turn(seconds: int) -> None:
    """The clock."""
    chain.sleep(max(0, seconds))
    chain.mine()
