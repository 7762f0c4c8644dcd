"""Networks' files rehearsed on chains like theirs."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from suanli.cli import cli
from suanli.devnet import DEPLOYER, rehearsal, remarks
from suanli.devnet.likeness import like
from suanli.devnet.processes import DevnetError
from suanli.devnet.tally import CREATION, Spent
from suanli.protocol import CasePhase

NETWORKS = Path(__file__).parents[3] / "deployments" / "networks"
JUROR, MINER = "0x" + "1" * 40, "0x" + "2" * 40


@pytest.mark.deep
@pytest.mark.parametrize("network", ["arbitrum", "bsc", "eos-evm", "op-stack"])
def test_a_rehearsal(network: str, tmp_path: Path) -> None:
    """From the deployment to a judged case, at the network's pace and price."""
    found = rehearsal.Rehearsal(NETWORKS / f"{network}.toml", print).run(tmp_path)
    chain = found.chain
    assert [stage.name for stage in found.stages][-4:] == [
        "confirmation to payment",
        "a result without an acceptance",
        "a challenge, judged",
        "the windows pass, the miner is paid",
    ]
    assert found.base_fees == (chain.network.base_fee, chain.network.base_fee)
    assert found.block_time >= chain.network.block_time * 0.9
    assert found.case_seats == chain.court.jury
    assert found.case_seconds >= chain.parameters.terms.challenge_window
    assert not any(one.failed for one in found.spent)
    paid = [row for row in remarks.costs(found) if row.what == "submitAccepted"]
    assert [(row.who, row.count) for row in paid] == [("miner", 1)]
    assert all(line.isprintable() for line in remarks.remarks(found))


def made_up(network: str) -> rehearsal.Rehearsed:
    """As if a deployment of two transactions had been judged, the first the stand-in's."""
    chain = like(NETWORKS / f"{network}.toml", DEPLOYER.address)
    fee = chain.network.base_fee
    deployer = DEPLOYER.address.lower()
    return rehearsal.Rehearsed(
        chain,
        [rehearsal.RehearsedStage(rehearsal.DEPLOYMENT, 0, 10, 10 * chain.block_time)],
        [
            Spent(1, deployer, CREATION, 900_000, fee, False),
            Spent(9, deployer, CREATION, 5_000_000, fee, False),
            Spent(10, deployer, "transferOwnership", 60_000, fee, False),
            Spent(11, deployer, "transfer", 50_000, fee, False),
            Spent(12, MINER, "register", 100_000, fee, False),
            Spent(13, JUROR, "commitVote", 60_000, fee, False),
            Spent(14, JUROR, "revealVote", 40_000, fee, False),
        ],
        {DEPLOYER.address: "deployer", deployer: "deployer", JUROR: "juror-1", MINER: "miner-1"},
        case_seats=1,
        base_fees=(fee, fee),
        case_seconds=86_400,
    )


def test_what_it_cost_is_the_markets_own() -> None:
    """At the file's price: neither the stand-in for the token nor what accounts were given."""
    rows = remarks.costs(made_up("eos-evm"))
    assert [(row.who, row.what, row.count, row.gas, row.coins) for row in rows] == [
        ("deployer", "the deployment", 2, 5_060_000, "0.759"),
        ("miner", "register", 1, 100_000, "0.015"),
        ("juror", "commitVote", 1, 60_000, "0.009"),
        ("juror", "revealVote", 1, 40_000, "0.006"),
    ]


def test_small_costs_are_written_out() -> None:
    assert remarks.coins(5_650_000_000_000) == "0.00000565"


def test_which_defaults_to_change() -> None:
    told = list(remarks.remarks(made_up("eos-evm")))
    assert "block_time: 1.00 s, as the file says" in told
    assert "base_fee_gwei: 150 gwei, as the file says" in told
    (fee,) = [line for line in told if "max_fee_gwei" in line]
    assert fee.startswith("set max_fee_gwei = 300 in miner.toml and juror.toml")
    told = list(remarks.remarks(made_up("arbitrum")))
    assert not any("max_fee_gwei" in line for line in told)
    assert "block hashes: contracts see the last 51 min 12 s, by the parent chain's blocks" in told
    (hold,) = [line for line in told if "--max-hold" in line]
    assert hold.startswith("requesters say --max-hold 7776000: these terms may hold money for 90 d")


def test_what_differs_from_the_file_is_said() -> None:
    found = made_up("op-stack")
    network = replace(found.chain.network, block_time=4.0, base_fee_gwei=Decimal("0.01"))
    told = list(remarks.remarks(replace(found, chain=replace(found.chain, network=network))))
    assert "block_time: 2.00 s, the file says 4" in told
    assert "base_fee_gwei: 0.005 gwei, the file says 0.01" in told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("decimals = 6", "decimals = 9", "the stand-ins for tokens have 6 or 18 decimals"),
        ("chain_id = 8453", f'chain_id = 8453\nidentity_verifier = "{JUROR}"', "leave it out"),
        ("max_task_units", "unit_seconds = 60\nmax_task_units", "the first class, and that is le"),
        ("[network]\nblock_time = 2 # seconds", "[network]", "network.block_time: is missing"),
    ],
)
def test_files_that_can_t_be_rehearsed(old: str, new: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "net.toml"
    text = (NETWORKS / "op-stack.toml").read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    ended = CliRunner().invoke(cli, ["rehearse", str(path)])
    assert ended.exit_code == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("Error: ")
    assert told in line


def stopped(tmp_path: Path, **net: object) -> rehearsal.Rehearsal:
    """One whose devnet has only what a test gives it."""
    found = rehearsal.Rehearsal(NETWORKS / "op-stack.toml", print)
    found._folder = tmp_path
    found.net = SimpleNamespace(folder=tmp_path, market=None, **net)  # type: ignore[assignment]
    return found


def test_a_case_that_goes_no_further_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its deadline is over, and nobody moves it on."""
    status = SimpleNamespace(phase=CasePhase.REVEALING, deadline=1)
    asked = [status, status]
    node = SimpleNamespace(head=lambda: SimpleNamespace(time=2))
    court = SimpleNamespace(case_of=lambda case: asked.pop())
    monkeypatch.setattr(rehearsal, "PATIENCE", -1.0)
    monkeypatch.setattr(rehearsal, "court_of", lambda market: court)
    monkeypatch.setattr(rehearsal, "Sender", lambda *given, **named: None)
    monkeypatch.setattr(rehearsal, "_file", lambda *given: b"")
    found = stopped(tmp_path, node=node)
    found._client = SimpleNamespace(account=None)  # type: ignore[assignment]
    with pytest.raises(DevnetError, match="the case did not leave revealing: see "):
        found._case(None, b"")  # type: ignore[arg-type]


def test_a_job_without_a_deal_can_t_be_judged(tmp_path: Path) -> None:
    run = SimpleNamespace(events=lambda: iter(()), close=lambda: None)
    client = SimpleNamespace(submit=lambda *given: run)
    found = stopped(tmp_path, client=lambda: nullcontext(client))
    with pytest.raises(DevnetError, match="the job ended without a deal: see "):
        found._dispute()


def test_no_file() -> None:
    ended = CliRunner().invoke(cli, ["rehearse", "nowhere.toml"])
    assert (ended.exit_code, len(ended.stderr.splitlines())) == (1, 1)
    assert "there is no parameter file nowhere.toml" in ended.stderr
