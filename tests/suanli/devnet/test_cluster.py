"""A miner on a devnet whose tasks run on a cluster of three processes, of which one is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from suanli.devnet import Devnet
from tests.harness.dask_processes import DaskProcesses

JOB = Path(__file__).parents[3] / "examples" / "queens"
TASKS = 16


@pytest.mark.deep
def test_a_cluster_mines_and_loses_a_machine(tmp_path: Path) -> None:
    job = tmp_path / "job.toml"
    job.write_text((JOB / "job.toml").read_text().replace("20_000_000_000", "6_600_000_000"))
    (tmp_path / "queens.wasm").write_bytes((JOB / "queens.wasm").read_bytes())
    file = tmp_path / "miner.toml"
    with DaskProcesses(tmp_path) as dask, Devnet(tmp_path / "net", 0) as net:
        for _ in range(3):
            dask.add()
        seller = net.new_account("seller", 10**24)
        environment = {**os.environ, **net.environment}

        def suanli(*arguments: str) -> str:
            command = [sys.executable, "-m", "suanli", "miner", *arguments, "--config", str(file)]
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        suanli("init", "--account", "seller", "--executor", dask.address)
        assert "3 machines, 3 tasks at a time" in suanli("check")
        command = [sys.executable, "-m", "suanli", "miner", "run", "--config", str(file)]
        net.start("seller", command, env=environment).wait_until(lambda: offers(net, seller), 120)
        with net.client() as client:
            run = client.submit(job, budget="200000", audit=0.1)
            losing = threading.Thread(target=lose_in_a_deal, args=(net, seller, dask))
            losing.start()
            done = list(run)
            losing.join()
            assert len(dask.workers) == 2
            assert {result.miner for result in done} == {seller}
            assert len(done) == TASKS
            assert run.files()["queens.tsv"] == (JOB / "expected" / "queens.tsv").read_bytes()
            run.close()
        assert net.market.miner_status(seller).completed >= 1
        assert net.market.miner_status(seller).defaulted == 0


def lose_in_a_deal(net: Devnet, miner: str, dask: DaskProcesses) -> None:
    """A machine, once there is a deal."""
    until = time.monotonic() + 120
    while not net.market.offer_of(miner, 1).reserved:
        assert time.monotonic() < until
        time.sleep(0.1)
    dask.kill(dask.workers[0])


def offers(net: Devnet, miner: str) -> bool:
    known = net.market.miner_account(miner) is not None
    return known and bool(net.market.offer_of(miner, 1).valid_until)
