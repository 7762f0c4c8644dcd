"""The market in the steady state in which gas is measured.

Two parties, a requester and a miner, have settled a deal, had another overturned and one released,
and have a fourth one open: every account that a deal touches has been used before. Beside them the
storage holds a crowd of other miners (each with stake, capacity and an offer) and as many posted
requests, put there by transactions like everybody's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Any

from eth_account import Account
from eth_utils import keccak, to_checksum_address

from benchmarks.anvil import DEFAULTS, AnvilChain, Node
from suanli.deployment import TOKEN, IdentityParameters, execute, local_parameters, plan_of
from suanli.protocol import ZERO_ADDRESS, Acceptance, Attestation, Domain, Request

START = 1_900_000_000
CHAIN_ID = 31337
OPTIONS = (
    # Mining by hand: right after a rollback Anvil's own miner sometimes overlooks a transaction.
    "--no-mining",
    *("--hardfork", "shanghai", "--timestamp", str(START), "--chain-id", str(CHAIN_ID)),
    # Nobody needs ether, so that thousands of accounts can be had for nothing.
    *("--base-fee", "0", "--gas-price", "0", "--gas-limit", "10000000000"),
)
BATCH = 500
CPU, LEASED, TERMS = 1, 3, 1
UNITS, BID, ASK = 100, 3 * TOKEN, TOKEN
JOB, ROOT = keccak(text="job"), keccak(text="root")
ANY_MINER = 0
FOREVER = 4_000_000_000
REQUESTER_KEY, MINER_KEY = keccak(text="requester"), keccak(text="miner")


def address_of(text: str) -> str:
    """An address that nobody has the key of."""
    return to_checksum_address(keccak(text=text)[12:])


def batched(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def sign(digest: bytes, key: bytes = REQUESTER_KEY) -> bytes:
    """65 bytes (r, s, v), the same every time."""
    return bytes(Account.unsafe_sign_hash(digest, key).signature)


class Stage:
    """Deployed market, parties and crowd."""

    requester: str = Account.from_key(REQUESTER_KEY).address
    miner: str = Account.from_key(MINER_KEY).address
    payout, deployer, bystander = map(address_of, ("payout", "deployer", "bystander"))

    def __init__(self, node: Node, crowd: int) -> None:
        self.node, self.crowd = node, crowd
        node("anvil_autoImpersonateAccount", True)
        node("anvil_setBlockTimestampInterval", 1)
        self.chain = AnvilChain(node, self.deployer)
        roles = map(address_of, ("guardian", "treasury", "reward pool"))
        accounts = [self.deployer, self.requester, *roles]
        parameters = replace(
            local_parameters(CHAIN_ID, accounts, (keccak(text="runtime"),)),
            identity=IdentityParameters(attestors=(self.requester,)),
        )
        self.addresses = execute(plan_of(parameters, self.deployer), self.chain)
        self.contracts = {
            "Token": "LocalToken",
            "ComputeMarket": "ComputeMarket",
            "Court": "MockCourt",
            "IdentityRegistry": "IdentityRegistry",
        }
        self.domain = Domain(CHAIN_ID, self.addresses["ComputeMarket"])
        self._salt, self.number = 0, 0
        """Of requests; of the miner."""
        self._add_crowd(crowd)
        self._warm_up()

    # Transactions

    def data(self, method: str, *arguments: Any, target: str = "ComputeMarket") -> dict[str, str]:
        contract = self.chain.contract(self.contracts[target])
        return {"to": self.addresses[target], "data": contract.data(method, arguments)}

    def gas(self, sender: str, method: str, *arguments: Any, target: str = "ComputeMarket") -> int:
        """Gas of the whole transaction."""
        transaction = self.data(method, *arguments, target=target)
        return int(self.chain.transact(transaction, sender)["gasUsed"], 16)

    def time(self) -> int:
        """Of the latest block."""
        return int(self.node("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def advance(self, seconds: int) -> None:
        self.node("evm_setNextBlockTimestamp", self.time() + seconds)
        self.node("evm_mine")

    @contextmanager
    def rollback(self) -> Iterator[None]:
        snapshot = self.node("evm_snapshot")
        salt = self._salt
        try:
            yield
        finally:
            self.node("evm_revert", snapshot)
            self._salt = salt

    # Requests

    def request(self, **changes: Any) -> Request:
        """The next request of the requester's to the miner."""
        self._salt += 1
        usual = Request(
            requester=self.requester,
            miner=self.number,
            resource=CPU,
            runtime=0,
            units=UNITS,
            max_price=BID,
            confirm_by=FOREVER,
            duration=7_200,
            tasks=4,
            job=JOB,
            terms=TERMS,
            salt=self._salt,
        )
        return usual._replace(**changes)

    def sign(self, request: Request) -> bytes:
        return sign(self.domain.request_id(request))

    def accept(self, request: Request) -> bytes:
        return sign(
            self.domain.digest(Acceptance(self.domain.request_id(request), ROOT, request.units))
        )

    # Identities

    def attestation(self) -> Attestation:
        """Of the miner, by the requester, who is the attestor here."""
        return Attestation(
            registry=self.addresses["IdentityRegistry"].lower(),
            attestor=self.requester.lower(),
            miner=self.number,
            tenure=0,
            requester=ZERO_ADDRESS,
            level=1,
            issued=self.time(),
            valid_until=FOREVER,
        )

    def attest(self) -> int:
        said = self.attestation()
        signature = sign(self.domain.digest(said))
        return self.gas(self.bystander, "submit", said, signature, target="IdentityRegistry")

    # What was there before

    def _add_crowd(self, size: int) -> None:
        """Each miner sells 10 units, each request wants 10."""
        miners = [address_of(f"miner {number}") for number in range(size)]
        market = self.addresses["ComputeMarket"]
        stake, lock = 10 * 2 * TOKEN, 10 * BID
        funds = size * (stake + lock)
        for method, arguments, target in (
            ("faucet", (funds,), "Token"),
            ("approve", (market, funds), "Token"),
            ("deposit", (funds,), "ComputeMarket"),
        ):
            self.gas(self.bystander, method, *arguments, target=target)
        self.send_all((miner, self.data("registerMiner", miner)) for miner in miners)
        self.send_all((self.bystander, self.data("addStake", miner, stake)) for miner in miners)
        resource = self.data("registerResource", CPU, 10)
        self.send_all((miner, resource) for miner in miners)
        self.send_all(
            (miner, self.data("publishOffer", CPU, 10, ASK, FOREVER, False)) for miner in miners
        )
        self.send_all(
            (self.bystander, self.data("postRequest", self._crowd_request(number)))
            for number in range(size)
        )
        supply = self.chain.call("ComputeMarket", market, "supplyOf", (CPU,))
        if supply[:3] != (10 * size,) * 3:
            raise RuntimeError(f"the crowd is not complete: {supply}")

    def _crowd_request(self, number: int) -> Request:
        return self.request(
            requester=self.bystander, miner=ANY_MINER, units=10, salt=10**6 + number
        )

    def send_all(self, calls: Iterable[tuple[str, dict[str, str]]]) -> None:
        """Many transactions to a block, whatever their order."""
        nonces: dict[str, int] = {}
        for batch in batched(calls, BATCH):
            transactions = []
            for sender, transaction in batch:
                nonces[sender] = nonces.get(sender, self._nonce(sender) - 1) + 1
                nonce = {"nonce": hex(nonces[sender])}
                transactions.append({"from": sender, **DEFAULTS, **nonce, **transaction})
            self.node.batch(("eth_sendTransaction", [filled]) for filled in transactions)
            self.node("evm_mine")

    def _nonce(self, sender: str) -> int:
        return int(self.node("eth_getTransactionCount", sender, "latest"), 16)

    def _warm_up(self) -> None:
        market = self.addresses["ComputeMarket"]
        capacity = 10_000
        funds = 200_000 * TOKEN
        for account in (self.requester, self.miner):
            self.gas(account, "faucet", 2 * funds, target="Token")
            self.gas(account, "approve", market, 2**256 - 1, target="Token")
            self.gas(account, "deposit", funds)
        self.gas(self.miner, "registerMiner", self.payout)
        self.number = self.chain.call("ComputeMarket", market, "minerAccount", (self.miner,))[0]
        self.gas(self.miner, "addStake", self.miner, capacity * 2 * TOKEN * 2)
        self.gas(self.miner, "registerResource", CPU, capacity)
        self.gas(self.miner, "publishOffer", CPU, capacity // 2, ASK, FOREVER, False)
        self.gas(self.payout, "faucet", 1, target="Token")
        settled, overturned, still_open, released = (self.request() for _ in range(4))
        for request in (settled, overturned, still_open, released):
            self.gas(self.miner, "confirmRequest", request, self.sign(request))
        accepted = self.accept(settled)
        self.gas(self.miner, "submitAccepted", settled, ROOT, settled.units, accepted)
        self.gas(self.miner, "submitResult", overturned, ROOT, overturned.units)
        self.gas(self.bystander, "freeze", overturned, target="Court")
        self.gas(self.bystander, "resolve", overturned, 0, 10_000, target="Court")
        self.gas(self.miner, "release", released)
