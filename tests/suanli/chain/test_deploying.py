"""A deployment's plan, executed by a sender."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from suanli.chain import Market, Sender, TransactionTimeout, creation
from suanli.deployment import DeploymentRecord, execute, local_parameters, plan_of
from suanli.deployment.by_sender import SenderChain, created_address
from tests.harness.faults import Clock
from tests.harness.local_chain import ALICE, BOB, CHEAP, OTHERS, Controls


def chain_of(market: Market) -> SenderChain:
    return SenderChain(Sender(market.node, BOB, fees=CHEAP, poll_every=0.01))


def test_addresses_are_foretold(market: Market) -> None:
    sender = Sender(market.node, BOB, fees=CHEAP, poll_every=0.01)
    foretold = SenderChain(sender).next_address()
    receipt = sender.execute(creation(market.node, "LocalToken", 18))
    assert receipt.contract == foretold


def test_the_rule_of_addresses() -> None:
    """Well-known vectors: an account and its first three contracts."""
    sender = "0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0"
    assert [created_address(sender, nonce) for nonce in range(3)] == [
        "0xcd234a471b72ba2f1ccf0a70fcaba648a5eecd8d",
        "0x343c43a37d37dff08ae8c4a11544c718abb4fcf8",
        "0xf778b86fa74e846c4f0a1fbd1335fe81c00a0c91",
    ]


def test_a_second_run_does_nothing(market: Market) -> None:
    plan = plan_of(local_parameters(31337, [ALICE.address, *OTHERS]), BOB.address)
    record = DeploymentRecord()
    first = execute(plan, chain_of(market), record)
    kept, nonce = asdict(record), market.node.nonce(BOB.address)
    assert execute(plan, chain_of(market), record) == first
    assert (asdict(record), market.node.nonce(BOB.address)) == (kept, nonce)
    assert Market(market.node, first["ComputeMarket"]).owner() == BOB.address


def test_what_appeared_where_it_was_expected_is_taken(market: Market) -> None:
    """The first run died after it sent, before it wrote down the address."""
    chain = Controls(market.node)
    chain.automine(False)
    clock = Clock()
    dying = Sender(market.node, BOB, fees=CHEAP, clock=clock, sleep=clock.sleep)
    plan = plan_of(local_parameters(31337, [ALICE.address, *OTHERS]), BOB.address)
    record = DeploymentRecord()
    with pytest.raises(TransactionTimeout):
        execute(plan, SenderChain(dying, timeout=1), record)
    chain.mine()
    chain.automine(True)
    expected = record.expected["Token"]
    assert execute(plan, chain_of(market), record)["Token"] == expected
