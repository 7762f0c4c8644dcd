"""Real nodes for tests: Anvil and Ganache on free ports, and a market deployed on them.

with anvil() as url: ...
with ganache() as url: ...
node = connect(url); chain = Controls(node); market = deploy(node)
"""

from __future__ import annotations

import itertools
import os
import re
import socket
import subprocess
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any
from unittest import mock

from suanli.base.accounts import Account
from suanli.chain import (
    GWEI,
    Fees,
    Market,
    Node,
    PriceController,
    RewardPool,
    Sender,
    Token,
    creation,
)
from suanli.deployment import execute, local_parameters, plan_of
from suanli.deployment.by_sender import SenderChain
from suanli.protocol import Request

MNEMONIC = "test test test test test test test test test test test junk"
"""Of both nodes' funded accounts, whose keys the whole world knows."""

DEPLOYER, ALICE, BOB, CAROL = (
    Account.from_key(key)
    for key in (
        "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
        "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
        "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
        "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    )
)
OTHERS = tuple("0x" + f"{number:x}" * 40 for number in (0xA, 0xB, 0xC))
"""Guardian, treasury and reward pool; nobody has their keys."""

_numbers = itertools.count(1)

CHEAP = Fees(max_fee=1_000 * GWEI, tip=GWEI)


@contextmanager
def anvil(*options: str) -> Iterator[str]:
    """Anvil with 31337 as its chain id; ended on leaving."""
    command = ["anvil", "--port", "0", "--hardfork", "shanghai", "--mnemonic", MNEMONIC, *options]
    with _running(command, r"Listening on 127\.0\.0\.1:(\d+)") as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def ganache(*options: str) -> Iterator[str]:
    """Ganache with 1337 as its chain id; ended on leaving."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    command = ["ganache", "--port", str(port), "--wallet.mnemonic", MNEMONIC, *options]
    command += ["--hardfork", "shanghai", "--chain.chainId", "1337"]
    with _running(command, r"RPC Listening on 127\.0\.0\.1:(\d+)"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _running(command: list[str], ready: str) -> Iterator[str]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        # Nodes write a line for each question, and stop when nobody reads them.
        reading = Thread(target=deque, args=(process.stdout, 0))
        try:
            for line in process.stdout:
                if found := re.search(ready, line):
                    reading.start()
                    yield found.group(1)
                    return
            raise RuntimeError(f"{command[0]} did not start: run it to see why")
        finally:
            process.terminate()
            if reading.ident:
                reading.join()


class Controls:
    """What a test can do to a local chain."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def __getattr__(self, method: str) -> Any:
        return lambda *params: self._node.request(method, *params)

    def mine(self, blocks: int = 1) -> None:
        for _ in range(blocks):
            self._node.request("evm_mine")

    def automine(self, on: bool) -> None:
        self._node.request("evm_setAutomine", on)

    @contextmanager
    def rollback(self) -> Iterator[None]:
        """Undo on leaving whatever was done; the pool is emptied, and what accounts wrote down of
        their transactions is forgotten: sent anew by the next test's daemon, it would fail."""
        with (
            TemporaryDirectory(ignore_cleanup_errors=True) as state,
            mock.patch.dict(os.environ, XDG_STATE_HOME=state),
        ):
            yield from self._rollback()

    def _rollback(self) -> Iterator[None]:
        snapshot = self._node.request("evm_snapshot")
        # Reorganizations lead back to this block. Anvil loses the state of old blocks, and of
        # those that hash as an undone one did: so it is new, and like no other.
        self._node.request("anvil_setBalance", OTHERS[0], hex(next(_numbers)))
        # Undoing sets Anvil's clock back, too: relays would find messages of long ago.
        if (now := int(time.time())) > self._node.head().time:
            self._node.request("evm_setNextBlockTimestamp", now)
        self.mine()
        try:
            yield
        finally:
            self._node.request("anvil_dropAllTransactions")
            reverted = self._node.request("evm_revert", snapshot)
            self._node.request("evm_setAutomine", True)
            assert reverted, "the chain's snapshot is lost"


def deploy(node: Node, **changes: Any) -> Market:
    """A market with the local parameters, changed by name; Alice, Bob and Carol have tokens."""
    funded = [account.address for account in (ALICE, BOB, CAROL)]
    parameters = local_parameters(node.chain_id(), [*funded, *OTHERS], (b"\x01" * 32,))
    chain = SenderChain(Sender(node, DEPLOYER, fees=CHEAP, poll_every=0.01))
    plan = plan_of(replace(parameters, **changes), DEPLOYER.address)
    return Market(node, execute(plan, chain)["ComputeMarket"])


WINDOW, TARGET, SPEED = 3_600, 800_000_000, 5_730_383_437_168
"""Of a price that adapts: it doubles in a week while all is taken, and stays at 80 %."""


def let_adapt(market: Market, resource: int = 1) -> PriceController:
    """From now on the class's price adapts, from a token a unit."""
    sender = Sender(market.node, DEPLOYER, fees=CHEAP, poll_every=0.01)
    own = market.address, resource, TARGET, SPEED, WINDOW, 10**18, 10**16, 10**20
    address = sender.execute(creation(market.node, "AdaptivePriceModel", *own)).contract
    sender.execute(market.set_price_model(resource, str(address)))
    found = PriceController.of(market, resource)
    assert found is not None
    return found


def let_reward(market: Market, epoch: int, grant: int = 500 * 10**18) -> RewardPool:
    """Terms 2 name a reward pool as their treasury, and a fee of a tenth; it rewards class 1."""
    sender = Sender(market.node, DEPLOYER, fees=CHEAP, poll_every=0.01)
    own = market.address, DEPLOYER.address, DEPLOYER.address, epoch, 5_000, [(1, 40)]
    made = str(sender.execute(creation(market.node, "RewardPool", *own)).contract)
    token, pool = Token(market.node, market.token()), RewardPool(market.node, made)
    for call in (token.faucet(grant), token.approve(made, grant), pool.grant(grant)):
        sender.execute(call)
    terms = market.terms_of(1)._replace(treasury=pool.address, fee_bps=1_000)
    sender.execute(market.add_terms(terms))
    return pool


def trade(market: Market, requester: Account, miner: Account, units: int, terms: int) -> None:
    """A deal at up to two tokens a unit, posted, done and accepted."""
    buyer, seller = (
        Sender(market.node, account, fees=CHEAP, poll_every=0.01) for account in (requester, miner)
    )
    token, lock = Token(market.node, market.token()), units * 2 * 10**18
    found = market.miner_account(miner.address)
    assert found is not None
    request = Request(
        requester=requester.address,
        miner=found.miner_id,
        resource=1,
        runtime=0,
        units=units,
        max_price=2 * 10**18,
        confirm_by=market.node.head().time + 3_600,
        duration=600,
        tasks=1,
        job=b"\1" * 32,
        terms=terms,
    )
    for sender, call in (
        (buyer, token.approve(market.address, lock)),
        (buyer, market.deposit(lock)),
        (buyer, market.post_request(request)),
        (seller, market.confirm_request(request, b"")),
        (seller, market.submit_result(request, b"\2" * 32, units)),
        (buyer, market.accept_result(request, b"\2" * 32, units)),
    ):
        sender.execute(call)
