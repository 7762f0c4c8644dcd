"""Requesters whose contracts lie, rivals that a reorganization undoes, nodes that fall behind: the
miner loses neither deal nor stake, and the daemon goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from suanli.chain import Contract, Node, Sender
from suanli.daemon import ChainClock
from suanli.miner import core as m
from suanli.miner.core import Stage
from suanli.miner.core.judging import MOST_REVERTS
from suanli.protocol import ZERO_ADDRESS, Request, State, sign
from suanli.relay import HttpStore
from tests.harness.bench import Bench, register
from tests.harness.faults import Faulty, answer
from tests.harness.local_chain import ALICE, BOB, CAROL, CHEAP, DEPLOYER, Controls
from tests.harness.world import TOKEN, Requester, World, lodged, manifest_of, send, settled

AGREE = bytes.fromhex("631626ba7e60e01b5f5260205ff3")
"""Returns ERC-1271's magic value."""
NOT_IF_PAID_FOR = bytes.fromhex("3a156008575f5ffd5b")
"""Reverts unless the gas price is 0, as it is in simulations only."""


def burning(loops: int) -> bytes:
    """Counts down from `loops`, then agrees: about 26 gas each."""
    start = b"\x62" + loops.to_bytes(3, "big")
    at = len(start)
    return start + bytes.fromhex("5b6001900380") + b"\x60" + bytes([at]) + b"\x57" + AGREE


class Wallet:
    """A contract in Carol's place, with a deposit, whose code can change at any time."""

    def __init__(self, world: World, bench: Bench) -> None:
        self.world, self.bench = world, bench
        self.chain = Controls(world.market.node)
        relay, store = world.requester.relay, world.requester.store
        self.requester = Requester(world.market, relay, store, CAROL)
        self.requester.fund(1_000 * TOKEN)

    def becomes(self, code: bytes) -> None:
        self.chain.anvil_setCode(CAROL.address, "0x" + code.hex())

    def asks(self, tasks: int) -> tuple[Request, bytes]:
        """As a relay lists it that can ask the contract for its signature."""
        manifest = manifest_of(tasks)
        self.requester.put(manifest)
        request = self.requester.request(manifest, BOB.address, max_price=TOKEN)
        id_ = self.world.market.domain.request_id(request)
        now = self.world.market.node.head().time
        self.bench.daemon.inbox.put(m.RequestSeen(now, id_, request, b"\x01" * 65, True))
        return request, id_

    def pass_time(self, seconds: int) -> None:
        for _ in range(seconds):
            self.bench.round()
            self.chain.evm_increaseTime(1)
            self.chain.mine()


def test_an_acceptance_that_no_block_can_check_costs_no_stake(
    registered: World, bench: Bench
) -> None:
    market, wallet = registered.market, Wallet(registered, bench)
    wallet.becomes(AGREE)
    request, id_ = wallet.asks(2)
    deals = bench.daemon.core.state.deals
    bench.until(lambda: id_ in deals and deals[id_].stage is Stage.UPLOADED)
    wallet.becomes(burning(1_000_000))
    outcome = deals[id_].result
    now = market.node.head().time
    accepted = m.AcceptanceSeen(now, id_, outcome.root, outcome.units_used, b"\x01" * 65)
    bench.daemon.inbox.put(accepted)
    wallet.pass_time(115)
    assert market.state_of(request) is State.SUBMITTED


def test_a_wallet_that_agrees_in_simulations_only_costs_little_gas(
    registered: World, bench: Bench
) -> None:
    market, wallet = registered.market, Wallet(registered, bench)
    wallet.becomes(NOT_IF_PAID_FOR + AGREE)
    _, id_ = wallet.asks(2)
    nonce = market.node.nonce(BOB.address)
    wallet.pass_time(150)
    assert market.node.nonce(BOB.address) - nonce == MOST_REVERTS
    assert bench.daemon.core.state.passed[id_].reason.code == "reverted"


@pytest.mark.parametrize("loops", [100_000, 1_000_000], ids=["above the bound", "above a block"])
def test_a_signature_that_burns_gas_holds_nobody_up(
    registered: World, bench: Bench, loops: int
) -> None:
    """Neither is its gas paid, nor the capacity kept for it."""
    market, wallet = registered.market, Wallet(registered, bench)
    wallet.becomes(burning(loops))
    hostile, _ = wallet.asks(19)
    bench.round()
    honest, id_ = lodged(registered, manifest_of(4))
    bench.until(settled(registered, honest, id_))
    assert market.state_of(hostile) is State.NONE


def test_a_rival_that_a_reorganization_undoes_leaves_the_deal_to_us(
    registered: World, bench: Bench, tmp_path: Path
) -> None:
    """Our confirmation was on its way all the time; what it is for must be here then."""
    market, chain = registered.market, Controls(registered.market.node)
    register(market, CAROL, tmp_path)
    send(market, CAROL, market.publish_offer(1, 1_000, TOKEN, 1 << 31, False))
    manifest = manifest_of(2)
    registered.requester.put(manifest)
    request = registered.requester.request(manifest, ZERO_ADDRESS)
    signed = sign(market.domain, request, ALICE)
    chain.automine(False)
    id_ = registered.requester.lodge(request)
    sender, key = bench.daemon.services.sender, f"confirm:0x{id_.hex()}"
    bench.until(lambda: sender.find(key))
    chain.anvil_dropTransaction(sender.find(key).transaction)
    Sender(market.node, CAROL, fees=CHEAP).send(market.confirm_request(request, signed.signature))
    while market.state_of(request) is not State.CONFIRMED:
        chain.mine()  # Anvil may take a moment to have it
    for _ in range(3):
        bench.round()
    assert bench.daemon.core.state.deals[id_].taken
    chain.anvil_reorg(1, [])
    for _ in range(3):
        bench.round()
        chain.evm_increaseTime(1)
        chain.mine()
    chain.automine(True)
    assert market.deal_of(id_).miner_id == market.miner_account(BOB.address).miner_id
    bench.until(settled(registered, request, id_))


def test_a_price_that_can_t_be_read_stops_no_deal(registered: World, bench: Bench) -> None:
    market = registered.market
    request, id_ = lodged(registered)
    bench.until(lambda: market.state_of(request) is State.CONFIRMED)
    contract = Contract(market.node, market.address, "ComputeMarket")
    no_model = contract.call("setPriceModel", 1, market.token())
    Sender(market.node, DEPLOYER, fees=CHEAP, poll_every=0.01).execute(no_model)
    bench.until(settled(registered, request, id_))


def test_a_node_without_the_state_is_waited_for(registered: World, tmp_path: Path) -> None:
    """Behind a balancer one may answer as if there were no contract."""
    faulty = Faulty(registered.market.node.transport)
    relay = registered.requester.relay
    bench = Bench(registered.market, tmp_path, HttpStore(relay), relay, node=Node(faulty))
    bench.restart()
    bench.round()
    faulty.spoil("eth_call", answer("0x"), answer("0x"))  # to many views at once, and to one
    faulty.spoil("eth_getCode", answer("0x"))
    request, id_ = lodged(registered)
    bench.until(settled(registered, request, id_))
    assert faulty.exhausted


def test_a_registration_that_is_undone_ends_no_daemon(world: World, tmp_path: Path) -> None:
    chain = Controls(world.market.node)
    undone = chain.evm_snapshot()
    register(world.market, BOB, tmp_path)
    relay = world.requester.relay
    bench = Bench(world.market, tmp_path, HttpStore(relay), relay)
    bench.restart()
    bench.round()
    chain.evm_revert(undone)
    for _ in range(12):
        chain.mine()
        bench.round()
    assert "is not a miner" in bench.daemon.away["chain"]
    bench.daemon.journal.close()


@pytest.mark.parametrize(("local", "told"), [(True, 10_000), (False, 5_007)])
def test_this_machines_clock_counts_on_local_chains_only(local: bool, told: int) -> None:
    """It may jump; but an idle local chain's newest block may be hours old."""
    seconds = [100.0]
    clock = ChainClock(local, wall=lambda: 10_000.0, monotonic=lambda: seconds[0])
    assert clock.now() == 10_000
    clock.saw(type("Block", (), {"hash": b"\x01", "time": 5_000})())
    seconds[0] += 7
    assert clock.now() == told
