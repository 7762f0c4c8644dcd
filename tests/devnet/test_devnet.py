"""A devnet as a user has it: processes, keys, a job, and the same state after a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from suanli.devnet import Devnet, DevnetError, Sale
from suanli.devnet.network import OTHERS

JOB = Path(__file__).parents[2] / "examples" / "raytrace" / "small.toml"


def test_a_job_on_a_devnet_and_its_restart(tmp_path: Path) -> None:
    folder = tmp_path / "net"
    with Devnet(folder, 1, Sale(speed=1_000)) as net:
        (miner,) = net.miners
        with net.client() as client:
            run = client.submit(JOB, budget="10000", audit=0)
            done = list(run)
            assert {result.miner for result in done} == {miner}
            assert run.files()["small.png"] == (JOB.parent / "expected" / "small.png").read_bytes()
            assert not run.live()
            cost = run.report.cost
            run.close()
        market = net.market.address
    assert not any(child.running for child in net.miners.values())

    with Devnet(folder, 0) as again:
        assert again.market.address == market
        with again.client() as client:
            reopened = client.run(run.id)
            assert reopened.report.cost == cost > 0
            reopened.close()
        assert again.market.miner_status(miner).completed == 1
        assert again.market.account_of(OTHERS[1]).available > 0, "the treasury has its fee"


def test_a_damaged_chain_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "chain.json").write_text('{"block":')
    with pytest.raises(DevnetError, match="remove"), Devnet(tmp_path, 0):
        pass
