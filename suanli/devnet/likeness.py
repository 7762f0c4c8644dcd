"""Which chain a devnet imitates: one of its own, or that of a file of deployments/networks.

Times in seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from suanli.chain import GWEI, ChainError, Fees, Market, Node, Sender, Token, connect, creation
from suanli.chain.funding import fund
from suanli.deployment import (
    QUICK_COURT,
    Allocation,
    CourtParameters,
    NetworkParameters,
    Parameters,
    read_rehearsed,
)
from suanli.devnet.processes import DevnetError

TOKENS = {6: "FixedToken", 18: "MarketToken"}
"""Stand-ins for the settlement token, by decimals: all of it is whose who makes it."""
ETHER = 100 * 10**18
STATES = 64
"""Of the newest blocks, which the chain remembers whole: reorganizations reach no deeper. Anvil
would otherwise keep thousands on the disk, in the user's home, and leave them there."""


@dataclass(frozen=True)
class LocalChain:
    """A chain with a second between blocks, and a token that anybody makes."""

    chain_id: int = 31337
    block_time: float = 1
    max_fee: int = 1_000
    """Gwei per gas that everybody bids at most."""
    confirmations: int = 1
    court: CourtParameters = QUICK_COURT

    @property
    def seats(self) -> int:
        """Of all jurors: enough for a jury, another one, and that of an appeal."""
        return self.court.jury + self.court.large_jury + self.court.appeal_jury

    @property
    def patience(self) -> float:
        """Seconds that a daemon may take to begin, with some twenty transactions."""
        return 120 + 60 * self.block_time

    def options(self) -> list[str]:
        """Anvil's; until `at_pace` a block comes with each transaction, to be ready sooner."""
        return ["--hardfork", "shanghai", "--prune-history", str(STATES)]

    def at_pace(self, node: Node) -> None:
        """From here on blocks come as they do on the chain."""
        node.request("evm_setIntervalMining", self.block_time)

    @contextmanager
    def kept(self, url: str) -> Iterator[None]:
        """What the chain can't do by itself is done meanwhile."""
        yield

    def fees(self) -> Fees:
        return Fees(max_fee=self.max_fee * GWEI, tip=GWEI)

    def give(self, deployer: Sender, account: str, tokens: int, market: str) -> None:
        """An account coins, and so many whole tokens."""
        list(fund(deployer.node, account, ETHER, tokens, market))


@dataclass(frozen=True, kw_only=True)
class NetworkLike(LocalChain):
    """A chain like a network's; what is deployed there is `parameters`, but for the token, which is
    a stand-in, and the votes, which are the deployer's."""

    network: NetworkParameters
    parameters: Parameters
    past: int = 0
    """By how much its clock is behind when it begins."""

    @property
    def seats(self) -> int:
        """With which the court begins to judge."""
        return self.court.appeal_jury

    def options(self) -> list[str]:
        network = self.network
        began = int(time.time()) - self.past
        return [
            *("--hardfork", network.hardfork, "--block-time", f"{network.block_time:g}"),
            *("--gas-limit", str(network.gas_limit), "--base-fee", str(network.base_fee)),
            *("--timestamp", str(began)),
        ]

    def at_pace(self, node: Node) -> None:
        """It always was."""

    @contextmanager
    def kept(self, url: str) -> Iterator[None]:
        """The base fee stays as it is: in a chain of empty blocks it would fall to nothing."""
        stop = threading.Event()
        keeper = threading.Thread(target=self._keep, args=(url, stop), daemon=True)
        keeper.start()
        try:
            yield
        finally:
            stop.set()
            keeper.join()

    def _keep(self, url: str, stop: threading.Event) -> None:
        node, fee = connect(url), hex(self.network.base_fee)
        while not stop.wait(self.block_time / 4):
            with suppress(ChainError):  # while it ends
                node.request("anvil_setNextBlockBaseFeePerGas", fee)

    def settled_in(self, deployer: Sender) -> Parameters:
        """What is deployed, once the stand-in for the token is."""
        name = TOKENS[self.court.decimals]
        arguments = (deployer.address, ()) if name == "MarketToken" else ()
        receipt = deployer.execute(creation(deployer.node, name, *arguments))
        assert receipt.contract is not None
        assert self.parameters.governance is not None
        votes = (Allocation(deployer.address, self.parameters.governance.distributed),)
        governance = replace(self.parameters.governance, allocation=votes)
        return replace(self.parameters, token=receipt.contract, governance=governance)

    def give(self, deployer: Sender, account: str, tokens: int, market: str) -> None:
        node = deployer.node
        node.request("anvil_setBalance", account, hex(ETHER))
        token = Token(node, Market(node, market).token())
        deployer.execute(token.transfer(account, tokens * 10 ** token.decimals()))


def like(path: Path, deployer: str) -> NetworkLike:
    """The chain that a file of parameters is for. Addresses that are not there yet may be zero.

    Raises:
        DeploymentError: what is wrong with the file.
        DevnetError: what of it has no stand-in here.
    """
    parameters, sending, network = read_rehearsed(path, deployer)
    court = parameters.court
    if court is None:
        raise DevnetError(f"{path} has no [court], and what is rehearsed ends before one: add it")
    if court.decimals not in TOKENS:
        raise DevnetError(
            f"the stand-ins for tokens have 6 or 18 decimals, court.decimals is {court.decimals}:"
            " rehearse with one of these"
        )
    if parameters.identity_verifier is not None:
        raise DevnetError(
            "identity_verifier is a contract of the network's own, which a rehearsal lacks: leave"
            " it out here"
        )
    if parameters.classes[0].leased:
        raise DevnetError("what is rehearsed is a job of the first class, and that is leased")
    return NetworkLike(
        chain_id=parameters.chain_id,
        block_time=network.block_time,
        max_fee=max(Fees().max_fee // GWEI, network.usual_max_fee),
        confirmations=sending.confirmations,
        court=court,
        network=network,
        parameters=parameters,
        past=court.join_delay,
    )
