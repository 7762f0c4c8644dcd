"""A devnet as a user has it: processes, keys, a job, and the same state after a restart."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from suanli.chain import Contract, PaymentChannels
from suanli.cli.devnet import suggestions
from suanli.devnet import Devnet, DevnetError, DevnetSale
from suanli.devnet.network import OTHERS
from suanli.engine import Runtime, runtime_id
from suanli.engine.host import pool_by
from suanli.governance import Governor
from suanli.job import load, run_local
from suanli.protocol import NO_SALT
from tests.harness import index
from tests.suanli.engine.test_determinism import PROGRAMS

NANS = """
runtime = "{runtime}"
module = "nans.wasm"
limits = {{ fuel = 10_000_000, memory = "1 MiB" }}
tasks = {{ count = 2 }}
gather = {{ kind = "concat", to = "bits" }}
"""
JOB = Path(__file__).parents[3] / "examples" / "raytrace" / "small.toml"


def test_a_job_on_a_devnet_and_its_restart(tmp_path: Path) -> None:
    folder = tmp_path / "net"
    with Devnet(folder, 1, DevnetSale(speed=1_000)) as net:
        (miner,) = net.miners
        with net.client() as client:
            run = client.submit(JOB, budget="10000", audit=0)
            done = list(run)
            assert {result.miner for result in done} == {miner}
            assert run.files()["small.png"] == (JOB.parent / "expected" / "small.png").read_bytes()
            assert not run.live()
            cost = run.report.cost
            run.close()
        assert (
            by_vouchers(folder, tmp_path / "out")
            == (JOB.parent / "expected" / "small.png").read_bytes()
        )
        channels = PaymentChannels(net.node, net.channels)
        assert channels.earnings_of(1).due > 0
        has_told_all(net, cost)
        market = net.market.address
        governor = Governor.of(net.market)
        rules = governor.rules()
        assert rules.voting_period == 60
        requester = net.keys.find("requester").address
        votes = Contract(net.node, governor.token, "MarketToken")
        quorum = rules.distributed * rules.quorum_bps // 10_000
        assert votes.read("balanceOf", requester) >= quorum
    assert not any(child.running for child in net.miners.values())

    with Devnet(folder, 0) as again:
        assert again.market.address == market
        with again.client() as client:
            reopened = client.run(run.id)
            assert reopened.report.cost == cost > 0
            reopened.close()
        assert again.market.miner_status(miner).completed == 1
        assert again.market.account_of(OTHERS[1]).available > 0, "the treasury has its fee"


def has_told_all(net: Devnet, cost: int) -> None:
    """The relay's index, of a job by deals and one by a channel."""
    index.agrees(net.relay, net.market)
    (deal,) = index.get(net.relay, "deals")["items"]
    assert (deal["state"], int(deal["paid"]) + int(deal["fee"])) == ("settled", cost)
    story = index.get(net.relay, f"deals/{deal['id']}")
    names = [entry["name"] for entry in story["history"]]
    assert names == ["RequestConfirmed", "RequestSettled"]
    assert story["request"]["source"] == "board"
    requester = net.keys.find("requester").address.lower()
    (channel,) = index.get(net.relay, "channels", requester=requester)["items"]
    assert int(channel["paid"]) > 0
    found = index.get(net.relay, f"accounts/{requester}")
    held = net.market.account_of(requester)
    assert (int(found["available"]), int(found["spent"])) == (held.available, cost)
    config = index.get(net.relay, "config")
    assert config["contracts"]["channels"] == net.channels


def by_vouchers(folder: Path, out: Path) -> bytes:
    """The picture, of a job without deals, as a user runs it."""
    settings = {
        "SUANLI_CONFIG": str(folder / "config.toml"),
        "SUANLI_PASSPHRASE_FILE": str(folder / "passphrase"),
    }
    given = "job", "run", str(JOB), "--channel", "--seal", "--budget", "1000", "--out", str(out)
    command = [sys.executable, "-m", "suanli", *given]
    done = subprocess.run(
        command, env=os.environ | settings, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "sealed: tasks and results go over TLS" in done.stderr
    assert "no collateral, no court, no refund" in done.stderr
    assert "paid for" in done.stderr.splitlines()[-1]
    return (out / "small.png").read_bytes()


@pytest.mark.deep
def test_jobs_of_both_runtimes(tmp_path: Path) -> None:
    """A program that shows a NaN's bits gives what a local run gives, by one miner."""
    (tmp_path / "nans.wasm").write_bytes(PROGRAMS["nan-bits"].code)
    bits = {}
    with Devnet(tmp_path / "net", 1, DevnetSale(speed=1_000)) as net, net.client() as client:
        for runtime in Runtime:
            job = tmp_path / f"{runtime}.toml"
            job.write_text(NANS.format(runtime=runtime))
            loaded = load(job, salt=NO_SALT)
            with pool_by(runtime_id(runtime), 1) as pool:
                local = run_local(loaded, pool, ahead=1, on_done=lambda *_: None)
            run = client.submit(job, budget="10000", audit=1)
            assert len(list(run)) == 2
            assert run.files() == local.files
            assert run.report.audited == 2
            bits[runtime] = run.files()["bits"]
            run.close()
    assert bits[Runtime.FAST] != bits[Runtime.PORTABLE]


def test_a_damaged_chain_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "chain.json").write_text('{"block":')
    with pytest.raises(DevnetError, match="remove"), Devnet(tmp_path, 0):
        pass


def test_a_second_one_in_the_folder_touches_nothing(tmp_path: Path) -> None:
    with Devnet(tmp_path, 0) as first:
        before = contents(tmp_path)
        with pytest.raises(DevnetError, match=f"already running here, pid {os.getpid()} "):
            Devnet(tmp_path, 0).__enter__()
        assert contents(tmp_path) == before
        assert first.market.terms_count() == 1
    with Devnet(tmp_path, 0):
        pass  # the lock ends with its devnet


def contents(folder: Path) -> dict[str, bytes]:
    """What tells others where everything is; logs and the chain's own file go on growing."""
    names = ("config.toml", "devnet.json", "passphrase", "lock")
    return {name: (folder / name).read_bytes() for name in names}


def test_states_of_old_blocks_fill_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in the user's home, where Anvil keeps thousands of them, nor here."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    with Devnet(tmp_path / "net", 0) as net:
        for _ in range(700):  # Anvil begins to write them after 500
            net.node.request("evm_mine")
        assert states_in(home) == states_in(tmp_path / "net") == []
        head = net.node.head().number
        assert net.market.at(head - 30).terms_count() == 1
        net.node.request("anvil_reorg", 3, [])
        assert net.market.terms_count() == 1
    assert list(home.rglob("*.json")) == []
    assert not (tmp_path / "net" / "chain-states").exists()


def states_in(folder: Path) -> list[Path]:
    return list(folder.rglob("0x*.json"))


def test_without_miners_it_suggests_to_become_one(tmp_path: Path) -> None:
    with Devnet(tmp_path, 0) as net:
        lines = suggestions(net)
    assert not any("miner-1" in line or "job run" in line for line in lines)
    assert lines[1].startswith("suanli miner init --account seller")
