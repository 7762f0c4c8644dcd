"""What the scripts do on a local chain; `make check-scripts` runs them on Ganache, too."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from brownie import accounts, chain, web3

from scripts import deploy, governance, helpers, market_flow
from scripts.helpers import contract, request, sign
from suanli.deployment import LOCAL_FUNDS, DeploymentError, local_parameters
from suanli.protocol import Domain, recover

pytestmark = pytest.mark.chain


@pytest.fixture(autouse=True)
def rolled_back() -> Iterator[None]:
    """The flow turns the clock by more than a week."""
    chain.snapshot()
    yield
    chain.revert()


def test_deploy_prints_where_everything_is(capsys: Any) -> None:
    addresses = deploy.main()
    printed = capsys.readouterr().out
    for name in ("Token", "ComputeMarket", "Court", "IdentityRegistry", "PriceModel:gpu-hour"):
        assert re.search(rf"{name} +{addresses[name]}\n", printed)


def test_deploy_funds_all_accounts_but_the_roles() -> None:
    addresses = deploy.local(show=False)
    token = deploy.artefacts().LocalToken.at(addresses["Token"])
    balances = [token.balanceOf(account) for account in accounts[:10]]
    assert balances == [LOCAL_FUNDS] * 7 + [0] * 3


NONE = {"channels": None, "storage": None}
"""Their times are too short where a token is named: the chain is no local one then."""


def test_a_token_with_a_faucet_is_refused() -> None:
    token = deploy.local(show=False)["Token"]
    here = web3.eth.chain_id
    parameters = replace(local_parameters(here, list(map(str, accounts[:10]))), token=token, **NONE)
    with pytest.raises(DeploymentError, match=f"{token} has a faucet"):
        deploy.check_chain(parameters, here)


def test_another_chain_and_no_token_are_refused() -> None:
    here = web3.eth.chain_id
    usual = local_parameters(here, list(map(str, accounts[:10])))
    nobody = replace(usual, token=str(accounts[1]), **NONE)
    with pytest.raises(DeploymentError, match=f"for chain {here}, but the network is chain 1:"):
        deploy.check_chain(nobody, 1)
    with pytest.raises(DeploymentError, match="there is no contract at"):
        deploy.check_chain(nobody, here)


def test_errors_end_as_one_line(capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended, deploy.one_line_errors():
        raise ValueError({"code": -32003, "message": "Insufficient funds for gas * price + value"})
    assert ended.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("deploy: the account's ether does not suffice")


def test_other_errors_are_not_hidden() -> None:
    with pytest.raises(ValueError, match="nonsense"), deploy.one_line_errors():
        raise ValueError("nonsense")


def test_console_signatures_are_the_accounts(capsys: Any) -> None:
    """Both of an account that the chain keeps and of one with a key."""
    market_flow.Flow()
    domain = Domain(web3.eth.chain_id, contract("ComputeMarket").address)
    for account in (accounts[1], accounts.add()):
        order = request(account)
        assert recover(domain.digest(order), sign(order, account)) == str(account).lower()


def test_market_flow_tells_all_steps_and_loses_nothing(capsys: Any) -> None:
    market_flow.main()
    printed = capsys.readouterr().out
    steps = list(map(int, re.findall(r"━━ Step (\d+):", printed)))
    assert steps == list(range(1, 11))
    for price in ("0.75", "0.6", "0.85", "0.615", "0.865"):
        assert f"the price is {price}\n" in printed
    assert re.search(r"Ann - Mei +270 +158\.598 +1\.602 +109\.8\n", printed)
    assert re.search(r"Bo - Lin +180 +113\.6025 +1\.1475 +65\.25\n", printed)
    assert re.search(r"Bo - Lin +90 +90 +60 +60\n", printed), "all of it goes to the pool"
    assert "Yes." in printed


def test_the_console_changes_the_market_by_a_vote() -> None:
    market = helpers.deploy()
    helpers.decide("addTerms fee_bps=150", f"setGuardian {accounts[3]}")
    assert market.termsOf(2)["feeBps"] == 150
    assert market.guardian() == accounts[3]


@pytest.mark.parametrize("wanted", ["for", "against"])
def test_governance_tells_a_vote_and_leaves_live_deals_alone(
    wanted: str, capsys: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VOTE", wanted)
    monkeypatch.setattr(governance, "REPORT", tmp_path / "reports" / "governance.json")
    governance.main()
    report = json.loads((tmp_path / "reports" / "governance.json").read_text())
    passed = wanted == "for"
    assert report["outcome"] == ("executed" if passed else "defeated")
    assert report["fee_bps"] == {"old": 100, "new": 250 if passed else 100}
    assert report["terms"] == {"old": 1, "new": 2 if passed else 1}
    one = str(10**18)
    assert report["fees_paid"] == {
        "the deal that was live": one,
        "the request signed before": one,
        "a new deal": str(25 * 10**17) if passed else one,
    }
    assert ("execute" in report["transactions"]) is passed
    assert report["addresses"]["MarketTimelock"] == contract("ComputeMarket").owner()
    printed = capsys.readouterr().out
    assert "the operator adds terms: OwnableUnauthorizedAccount" in printed
    assert f"the proposal has {'passed' if passed else 'failed'}" in printed


def test_governance_takes_for_and_against_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOTE", "maybe")
    with pytest.raises(SystemExit, match="VOTE is for or against, not 'maybe'"):
        governance.main()
