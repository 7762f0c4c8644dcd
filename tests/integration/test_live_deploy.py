"""`brownie run deploy` on a live network: every step once, however often it is begun."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import brownie
import pytest
import yaml
from eth_account import Account
from eth_utils import keccak

from benchmarks.anvil import Contract, Node, anvil
from scripts.deploy import load_account
from suanli.chain import Contract as ReadContract
from suanli.chain import Market, connect
from suanli.deployment import NO_COURT, DeploymentError
from suanli.engine import Runtime, runtime_id

ROOT = Path(__file__).resolve().parents[2]
BROWNIE = str(Path(sys.executable).with_name("brownie"))
NETWORKS = "network-config.yaml"
CHAIN_ID = 4242
PASSWORD = "of no value"
DEPLOYER = Account.from_key(keccak(text="deployer of the live test"))
GUARDIAN, TREASURY, POOL, *VOTERS = (
    Account.from_key(keccak(text=name)).address
    for name in ("guardian", "treasury", "pool", "one", "two", "three")
)
STEPS = 12
"""Timelock, token, governor, its installation, extension, market, price model, class, terms,
guardian, and the hand-over in two: one transaction each."""


@dataclass
class Live:
    """A live chain, and a home with the network and the account in it."""

    node: Node
    home: Path
    token: str
    voters: tuple[str, ...] = tuple(VOTERS)

    def deploy(self, *function: str) -> subprocess.Popen[str]:
        environment = os.environ | {
            "HOME": str(self.home),
            "SUANLI_DEPLOYMENTS": str(self.home),
            "SUANLI_PASSWORD": PASSWORD,
        }
        return subprocess.Popen(
            [BROWNIE, "run", "deploy", *function, "--network", "suanli-live"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def says(self, *function: str) -> str:
        """What a run that ends well prints."""
        process = self.deploy(*function)
        printed, error = process.communicate(timeout=300)
        assert process.returncode == 0, error
        return printed

    def write_parameters(self, **changes: object) -> None:
        table = {
            "chain_id": CHAIN_ID,
            "token": self.token,
            "treasury": TREASURY,
            "reward_pool": POOL,
            "guardian": GUARDIAN,
        } | changes
        lines = [f"{name} = {json.dumps(value)}" for name, value in table.items()]
        example = (ROOT / "deployments" / "example.toml").read_text()
        tables = example[example.index("[sending]") :].replace(
            "confirmations = 2", "confirmations = 1"
        )
        tables = tables[: tables.index("[[governance.allocation]]")]
        for voter in self.voters:
            tables += f'[[governance.allocation]]\nholder = "{voter}"\ntokens = "1000"\n'
        tables = tables.replace("quorum_bps = 400 ", "quorum_bps = 3_500 ")
        (self.home / f"{CHAIN_ID}.toml").write_text("\n".join([*lines, tables]))

    def let_the_price_adapt(self) -> None:
        """By the line that the example has for it."""
        path = self.home / f"{CHAIN_ID}.toml"
        text = path.read_text().replace("price = {", "# price = {")
        path.write_text(text.replace("# adaptive = {", "adaptive = {"))

    def let_a_court_judge(self) -> None:
        """By the table that the example has for it, for a token of 6 decimals."""
        path, example = self.home / f"{CHAIN_ID}.toml", ROOT / "deployments" / "example.toml"
        table = re.search(r"^\[court\]\n(.+\n)+", example.read_text(), re.M)
        assert table is not None
        text = table.group().replace("decimals = 18", "decimals = 6")
        text = text.replace('seat_fee = "0.001"', 'seat_fee = "0.01"')
        path.write_text(path.read_text() + text)

    def record(self) -> dict[str, Any]:
        return json.loads((self.home / f"{CHAIN_ID}.json").read_text())

    def nonce(self) -> int:
        return int(self.node("eth_getTransactionCount", DEPLOYER.address, "latest"), 16)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    keystore = tmp_path / ".brownie" / "accounts" / "deployer.json"
    keystore.parent.mkdir(parents=True)
    keystore.write_text(json.dumps(Account.encrypt(DEPLOYER.key, PASSWORD, "pbkdf2", 1_000)))
    with anvil("--chain-id", str(CHAIN_ID), "--hardfork", "shanghai") as node:
        for account in (DEPLOYER.address, TREASURY):
            node("anvil_setBalance", account, hex(10**18))
        node("anvil_impersonateAccount", TREASURY)
        add_network(tmp_path, node.port)
        yield Live(node, tmp_path, create(node, "FixedToken"))


def create(node: Node, contract: str) -> str:
    transaction = {"from": TREASURY, "data": Contract(contract).creation(())}
    return str(node("eth_sendTransactionSync", transaction)["contractAddress"])


def add_network(home: Path, port: int) -> None:
    """What `brownie networks add` writes, without its four seconds."""
    known = yaml.safe_load(Path(brownie.__file__).with_name("data").joinpath(NETWORKS).read_text())
    network = {
        "id": "suanli-live",
        "name": "of the test",
        "chainid": CHAIN_ID,
        "host": f"http://127.0.0.1:{port}",
    }
    known["live"].append({"name": "Suanli", "networks": [network]})
    (home / ".brownie" / NETWORKS).write_text(yaml.safe_dump(known))


def kill_when_pending(process: subprocess.Popen[str], node: Node) -> None:
    """Kill it once its first transaction has been sent."""
    while node("txpool_status")["pending"] == "0x0":
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            pytest.fail(f"ended early: {process.communicate()}")
    process.kill()
    process.communicate()


def test_goes_on_after_being_killed(live: Live) -> None:
    live.write_parameters()
    live.node("evm_setAutomine", False)
    kill_when_pending(live.deploy(), live.node)
    live.node("evm_mine")
    live.node("evm_setAutomine", True)
    assert live.nonce() == 1
    (name, address), *others = live.record()["expected"].items()
    assert (name, others) == ("MarketTimelock", [])

    again = live.deploy()
    printed, error = again.communicate(timeout=300)

    assert again.returncode == 0, error
    assert f"MarketTimelock was created at {address}" in printed
    assert live.nonce() == STEPS
    record = live.record()
    assert record["complete"] is True
    assert record["contracts"]["MarketTimelock"]["address"] == address
    assert re.search(r" ComputeMarket +addTerms +MarketTimelock\n", printed)
    assert re.search(rf" {VOTERS[0]} +1,000 +33\.33 %\n", printed)
    market = Market(
        connect(f"http://127.0.0.1:{live.node.port}"),
        record["contracts"]["ComputeMarket"]["address"],
    )
    assert market.owner() == address.lower()
    assert record["parameters"]["terms"]["fee_bps"] == 100
    assert record["compiler"]["version"].startswith("0.8.30")
    assert record["block"] >= STEPS


def test_a_test_token_and_a_market_that_trades(live: Live) -> None:
    printed = live.says("token")
    assert f"{DEPLOYER.address} has all of it" in printed
    live.token = printed.split("The token is at ")[1][:42]
    live.write_parameters()
    live.let_the_price_adapt()
    live.let_a_court_judge()
    printed = live.says()
    assert printed.count("note: the court judges nothing until jurors hold 27 seats") == 2
    assert NO_COURT not in printed
    assert re.search(r" CourtExtension +everything +nobody\n", printed)
    assert "permits no runtime" not in printed
    market = Market(
        connect(f"http://127.0.0.1:{live.node.port}"),
        live.record()["contracts"]["ComputeMarket"]["address"],
    )
    assert market.token() == live.token.lower()
    assert market.runtimes_of(1) == (runtime_id(Runtime.FAST), runtime_id(Runtime.PORTABLE))
    court = live.record()["contracts"]["Court"]["address"].lower()
    assert market.terms_of(1).court == court
    rules = ReadContract(market.node, court, "Court").read("rules")
    assert (10_000, 500_000, POOL.lower()) == (rules[19], rules[20], rules[-1])
    model = live.record()["contracts"]["PriceModel:cpu-wasm"]["address"].lower()
    assert market.resource_class(1).price_model == model
    adaptive = ReadContract(market.node, model, "AdaptivePriceModel")
    assert (adaptive.read("market"), adaptive.read("target")) == (market.address, 800_000_000)
    assert market.price_of(1) == 10**10


def test_nothing_is_sent_if_one_holder_would_decide(live: Live) -> None:
    live.voters = (VOTERS[0], VOTERS[0], VOTERS[1])
    live.write_parameters()
    process = live.deploy()
    _, error = process.communicate(timeout=300)
    assert process.returncode == 1
    (line,) = error.splitlines()
    assert line.startswith(f"deploy: {VOTERS[0]} alone would make a quorum: it gets 66.66 %")
    assert live.nonce() == 0


def test_an_account_that_is_not_there() -> None:
    with pytest.raises(
        DeploymentError, match=r"no account .nobody. .*brownie accounts generate nobody"
    ):
        load_account("nobody")
