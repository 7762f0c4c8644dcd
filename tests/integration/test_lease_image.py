"""A room of an OCI image, leased on a whole market."""

from __future__ import annotations

import os
import subprocess
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from suanli.devnet import SUANLI, Devnet, DevnetSale
from suanli.lease.sandbox import Sandbox, SandboxSettings
from suanli.lease.user.finding import of_class
from suanli.relay import RelayClient
from tests.harness.images import require_image, require_starts

PROGRAM = """
test ! -e /usr/bin/python3 || exit 8
grep -q Debian /etc/os-release || exit 9
sort numbers > sorted; echo done; exit 5
"""


@pytest.mark.deep
@pytest.mark.chain
def test_a_program_runs_in_the_miners_image_and_is_paid(tmp_path: Path) -> None:
    sandbox = Sandbox(SandboxSettings(tmp_path / "rooms"))
    if problems := sandbox.problems():
        pytest.skip("; ".join(problems))
    image = require_image(tmp_path)
    require_starts(sandbox)
    there, back = tmp_path / "there", tmp_path / "back"
    there.mkdir()
    (there / "numbers").write_text("3\n1\n2\n")
    sale = DevnetSale(speed=25.0, capacity=5_000)
    with Devnet(tmp_path / "net", 1, sale, ports=(0, 0), leases=1, image=image) as net:
        with closing(RelayClient(net.relay, net.market.domain)) as relay:
            offered = partial(of_class, net.market, relay, "cpu")
            net.children["miner-1"].wait_until(lambda: bool(offered()), 60)
        command = [*SUANLI, "lease", "run", "--for", "5m", "--upload", str(there)]
        command += ["--download", str(back), "--", "sh", "-c", PROGRAM]
        env = {**os.environ, **net.environment}
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stdout) == (5, "done\n"), done.stderr
        assert (back / "sorted").read_text() == "1\n2\n3\n"
        assert "vouchers " in done.stderr
