"""`suanli govern`, as its users see it."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from suanli.base.accounts import KEY_VARIABLE
from suanli.chain import ContractError
from suanli.chain.sent import journal_of
from suanli.cli.root import cli
from tests.harness.local_chain import ALICE, BOB, CAROL, DEPLOYER
from tests.suanli.governance.conftest import (
    DELAY,
    PERIOD,
    TIMELOCK,
    Council,
    council,
    deployed,
)

__all__ = ["council", "deployed"]
KEYS = {
    DEPLOYER: "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    ALICE: "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    BOB: "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    CAROL: "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
}
Govern = Callable[..., Result]
FEE = "addTerms fee_bps=250"


@pytest.fixture
def govern(council: Council, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Govern:
    (tmp_path / "config.toml").write_text("")
    monkeypatch.setenv("SUANLI_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("SUANLI_RPC", council.rpc)
    monkeypatch.setenv("SUANLI_MARKET", council.market.address)

    def run(*arguments: str, by: Any = ALICE, **more: Any) -> Result:
        monkeypatch.setenv(KEY_VARIABLE, KEYS[by])
        return CliRunner().invoke(cli, ["govern", *arguments, "--max-fee-gwei", "1000"], **more)

    return run


def shown(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["govern", "show", *arguments])


def refused(result: Result, says: str) -> None:
    assert result.exit_code == 1, result.output
    line = result.stderr.splitlines()[-1]
    assert line.startswith("Error: ")
    assert says in line


def test_a_whole_life(council: Council, govern: Govern, tmp_path: Path) -> None:
    assert "nothing was ever proposed" in shown().output
    made = govern("propose", FEE, "--why", "For the relay")
    assert made.exit_code == 0, made.output
    assert "the fee on payments: 1 % → 2.5 %" in made.output
    assert "signed requests and live deals keep the terms that they name" in made.output
    name = council.governor.proposals()[-1].name
    assert f"proposed as {name}; its vote begins in 10 s" in made.output
    refused(govern("vote", name, "for"), "its vote begins in")
    council.turn(DELAY + 1)
    result = govern("vote", name, "for", "--why", "yes")
    assert result.stdout == f"{ALICE.address} voted for with 100,000,000 votes\n"
    about = result.stderr.splitlines()
    assert about[0].split() == ["proposal", name]
    assert about[1].split() == ["text", *["For", "the", "relay"]]
    assert about[2].startswith("change 1    adds terms 2, as terms 1 but for:")
    assert about[3].strip() == "the fee on payments: 1 % → 2.5 %"
    refused(govern("vote", name, "against"), f"{ALICE.address} has voted on {name}")
    refused(govern("vote", name, "for", by=DEPLOYER), "had no votes when this vote began")

    signed = govern("vote", name, "abstain", "--sign", by=BOB)
    assert "the fee on payments: 1 % → 2.5 %" in signed.stderr
    (tmp_path / "ballot.json").write_text(signed.stdout)
    brought = govern("vote", "--signed", str(tmp_path / "ballot.json"), by=DEPLOYER)
    assert brought.output == f"{BOB.address} abstained with 100,000,000 votes\n"
    signed = govern("vote", name, "for", "--sign", by=CAROL).stdout
    assert govern("vote", "--signed", "-", by=DEPLOYER, input=signed).exit_code == 0
    refused(govern("vote", "--signed", "-", input=signed), f"{CAROL.address} has voted")
    refused(govern("vote", "--signed", "-", input="{"), "this is no signed vote")
    assert "200,000,000 for, 0 against, 100,000,000 abstain" in shown(name).output

    refused(govern("queue", name), "one can vote for")
    council.turn(PERIOD + 1)
    assert f"it has passed: suanli govern queue {name}, until" in shown(name).output
    refused(govern("execute", name), "it has passed: suanli govern queue")
    assert govern("queue", name, by=DEPLOYER).output.startswith("queued: decided; it can be exec")
    refused(govern("execute", name), "can't be executed now: decided; it can be executed in")
    council.turn(TIMELOCK)
    assert f"decided: suanli govern execute {name}" in shown(name).output
    assert govern("execute", name, by=DEPLOYER).output == "executed: it has taken effect\n"
    assert council.market.terms_of(2).fee_bps == 250
    after = shown(name).output
    assert "the fee on payments: 1 % → 2.5 %" in after, "as it was when it was proposed"
    assert "it has taken effect" in after
    assert f"{name}  executed  200,000,000        0  100,000,000  For the relay" in shown().output


def test_as_json(council: Council, govern: Govern) -> None:
    made = json.loads(govern("propose", FEE, "--json").output)
    (change,) = made["changes"]
    assert change["function"] == "addTerms"
    assert change["differs"] == [{"what": "the fee on payments", "old": "1 %", "new": "2.5 %"}]
    found = json.loads(shown(made["proposal"], "--json").output)
    assert (found["state"], found["proposer"], found["for"]) == ("pending", ALICE.address, "0")
    assert found["transaction"] == made["transaction"]
    listed = json.loads(shown("--json").output)
    assert listed["addresses"]["MarketTimelock"] == council.governor.timelock
    assert listed["rules"]["quorum_bps"] == 400
    assert [each["proposal"] for each in listed["proposals"]] == [made["proposal"]]


def test_nobody_else_can_make_it_first(council: Council, govern: Govern) -> None:
    """Who did could withdraw it, and it could not be made again."""
    assert govern("propose", FEE, "--why", "x").exit_code == 0
    (made,) = council.governor.proposals()
    assert made.text == "x"
    with pytest.raises(ContractError, match="names another proposer than"):
        council.send(council.governor.propose(made.calls, made.description), BOB)
    assert govern("propose", FEE, "--why", "x", by=BOB).exit_code == 0


def test_a_dry_run_sends_nothing(council: Council, govern: Govern) -> None:
    result = govern("propose", FEE, "retireTerms 1", "--dry-run", "--why", "Two")
    assert result.output.endswith("nothing was sent\n")
    assert "change 2    retires terms 1" in result.output
    assert council.governor.proposals() == []


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("addTerms fee_bps=5000", "[OutOfBounds(value=5000, minimum=0, maximum=1000)]"),
        ("addTerms fee=3", "addTerms takes name=value"),
        ("unpause", "[ExpectedPause()]"),
        ("retireTerms 9", "[UnknownTerms(terms=9)]"),
        ("updateQuorumNumerator 100", "no vote can pass these bounds"),
    ],
)
def test_what_would_fail_is_not_proposed(govern: Govern, call: str, says: str) -> None:
    refused(govern("propose", call), says)


def test_too_few_votes_propose_nothing(govern: Govern) -> None:
    refused(govern("propose", FEE, by=DEPLOYER), "had 0 base units of votes, and 1000000000000")


def test_delegating(govern: Govern) -> None:
    result = govern("delegate", BOB.address)
    assert result.output.startswith(f"{BOB.address} votes with 200,000,000 from now on")
    assert f"{ALICE.address} votes with 100,000,000" in govern("delegate").output
    refused(govern("delegate", "bob"), "'bob' is no address")


def test_withdrawing(council: Council, govern: Govern) -> None:
    govern("propose", FEE)
    name = council.governor.proposals()[-1].name
    refused(govern("cancel", name, by=BOB), "only its proposer may cancel")
    assert govern("cancel", name).output == "withdrawn: its proposer has withdrawn it\n"


def test_what_is_missing_is_said(govern: Govern) -> None:
    for arguments in (("vote",), ("vote", "0x1234"), ("vote", "0x1234", "maybe"), ("propose",)):
        assert govern(*arguments).exit_code == 2
    assert govern("vote", "0x1234", "for", "--signed", "x").exit_code == 2
    assert govern("vote", "0x1234", "for", "--sign", "--why", "x").exit_code == 2
    refused(govern("vote", "0x1234", "for"), "there is no proposal '0x1234'")
    refused(shown("0x1234"), "there is no proposal '0x1234'")


def test_texts_of_strangers_move_no_terminal(council: Council, govern: Govern) -> None:
    govern("propose", FEE, "--why", "a\x1b[2Jb\nc")
    name = council.governor.proposals()[-1].name
    for result in (shown(), shown(name)):
        assert "\x1b" not in result.output
        assert r"a\x1b[2Jb\nc" in result.output


def test_what_is_sent_is_written_down_where_all_commands_look(
    council: Council, govern: Govern
) -> None:
    """So two that act at once take turns, and what was sent is found again."""
    govern("propose", FEE)
    (made,) = council.governor.proposals()
    with closing(journal_of(council.governor.node, ALICE.address)) as journal:
        assert journal.signed(made.transaction)


def test_the_governor_and_the_chain_can_be_set(
    council: Council, govern: Govern, tmp_path: Path
) -> None:
    """A node that shows another market, or governor, is found out."""
    file = tmp_path / "config.toml"
    file.write_text(f'chain_id = 31337\ngovernor = "{council.governor.address}"\n')
    assert shown().exit_code == 0
    assert govern("delegate").exit_code == 0
    file.write_text("chain_id = 1\n")
    refused(shown(), "the node serves chain 31337, not 1, as the setting chain_id has it")
    file.write_text(f'governor = "{BOB.address}"\n')
    refused(shown(), f"voted on by the governor {council.governor.address}, not {BOB.address}")
    refused(govern("delegate"), f"not {BOB.address}")
    assert govern("delegate", "--governor", council.governor.address).exit_code == 0
    file.write_text('chain_id = "1"\n')
    refused(shown(), "must be a whole number")
