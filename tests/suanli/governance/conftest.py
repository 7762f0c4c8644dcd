"""A governed market on a chain: Alice, Bob and Carol have 100 million votes each; a vote begins
after 10 seconds, lasts a minute, and takes effect 20 seconds after it is queued."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from suanli.base.accounts import Account
from suanli.chain import Call, Market, Receipt, Sender, connect
from suanli.deployment import (
    ClassReward,
    RewardParameters,
    execute,
    local_governance,
    local_parameters,
    plan_of,
)
from suanli.deployment.by_sender import SenderChain
from suanli.governance import Governor, Proposal, Support, planned
from tests.harness.local_chain import ALICE, BOB, CAROL, CHEAP, DEPLOYER, OTHERS, Controls, anvil

VOTERS = (ALICE, BOB, CAROL)
DELAY, PERIOD, TIMELOCK = 10, 60, 20


@dataclass
class Council:
    """The governor, and what its voters do."""

    governor: Governor
    rpc: str

    @property
    def market(self) -> Market:
        return self.governor.market

    def send(self, call: Call[Any], sender: Account = ALICE) -> Receipt:
        return Sender(self.governor.node, sender, fees=CHEAP, poll_every=0.01).execute(call)

    def turn(self, seconds: int) -> None:
        """The clock."""
        node = self.governor.node
        node.request("evm_setNextBlockTimestamp", node.head().time + seconds)
        node.request("evm_mine")

    def propose(self, *calls: str, text: str = "", sender: Account = ALICE) -> Proposal:
        found = [planned(call, self.governor) for call in calls]
        self.send(self.governor.propose(found, text), sender)
        return self.governor.proposals()[-1]

    def open(self, *calls: str, text: str = "") -> Proposal:
        made = self.propose(*calls, text=text)
        self.turn(DELAY + 1)
        return made

    def decide(self, *calls: str, text: str = "") -> Proposal:
        """All for it; queued, and its delay is over."""
        made = self.open(*calls, text=text)
        for voter in VOTERS:
            self.send(self.governor.vote(made, Support.FOR), voter)
        self.turn(PERIOD + 1)
        self.send(self.governor.queue(made))
        self.turn(TIMELOCK)
        return made


@pytest.fixture(scope="session")
def deployed() -> Iterator[Council]:
    with anvil() as url:
        node = connect(url)
        rules = replace(
            local_governance([voter.address for voter in VOTERS]),
            voting_delay=DELAY,
            voting_period=PERIOD,
            late_quorum_extension=DELAY,
            delay=TIMELOCK,
        )
        people = [account.address for account in (DEPLOYER, *VOTERS)]
        usual = local_parameters(node.chain_id(), [*people, *OTHERS], (b"\x01" * 32,), rules)
        rewards = RewardParameters((ClassReward(usual.classes[0].name, 1_000),))
        parameters = replace(usual, rewards=rewards)
        chain = SenderChain(Sender(node, DEPLOYER, fees=CHEAP, poll_every=0.01))
        addresses = execute(plan_of(parameters, DEPLOYER.address), chain)
        made = Council(Governor.of(Market(node, addresses["ComputeMarket"])), url)
        made.turn(2)  # who proposes must have had its votes before
        yield made


@pytest.fixture
def council(deployed: Council) -> Iterator[Council]:
    with Controls(deployed.governor.node).rollback():
        yield deployed
