"""`suanli relay run` as its user meets it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from suanli.base.locking import held
from suanli.cli import cli
from suanli.relay.server.connections import listen

MARKET = "0x" + "5f" * 20
RUN = ["relay", "run", "--chain-id", "1337", "--market", MARKET]


@pytest.mark.parametrize(
    "end",
    [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.deep)],
    ids=lambda end: end.name,
)
def test_it_says_where_it_listens_and_ends_in_order(tmp_path: Path, end: signal.Signals) -> None:
    """Its node may come later."""
    command = [sys.executable, "-m", "suanli", *RUN, "--port", "0", "--data", str(tmp_path)]
    away = os.environ | {"SUANLI_RPC": "http://127.0.0.1:9"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=away) as running:
        try:
            said = running.stderr.readline() + running.stderr.readline()
            assert "no answer from the node" in said
            url = re.search(r"relay (http://127.0.0.1:[0-9]+) for market 0x5f", said)[1]
            assert httpx.get(f"{url}/v1/info", trust_env=False).json()["market"] == MARKET
            assert httpx.get(f"{url}/v1/info", trust_env=False).json()["keeps"].startswith("keeps")
            running.send_signal(end)
            assert running.wait(20) == 0
            said = running.stderr.read()
            assert said.endswith(" stopped\n")
            assert (
                "It keeps requests and what is said on them 7 days after their deal's deadline,"
                " blobs of up to 1 GiB, 50 GiB in all, 7 days after they were last put or asked"
                " for.\n"
            ) in said
        finally:
            running.kill()


def test_answers_do_not_wait_for_acknowledgements() -> None:
    """Nagle's algorithm is off on each connection that the relay accepts."""

    async def accepted() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            taken = writer.get_extra_info("socket")
            found.set_result(taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listener = listen("127.0.0.1", 0)
        async with await asyncio.start_server(connected, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            nodelay = await found
            writer.close()
        return nodelay

    assert asyncio.run(accepted()) == 1


def test_a_taken_port_is_told_before_anything_is_opened(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = CliRunner().invoke(cli, [*RUN, "--port", port, "--data", str(tmp_path / "data")])
    assert told.exit_code == 1
    assert f"can't listen on 127.0.0.1:{port}: Address already in use" in told.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("market", ["0x5f", "market"])
def test_what_is_no_market_is_named(market: str) -> None:
    told = CliRunner().invoke(cli, ["relay", "run", "--chain-id", "1", "--market", market])
    assert (told.exit_code, told.stdout) == (1, "")
    assert f"{market} is no address" in told.stderr


def test_a_second_one_in_the_folder_is_refused(tmp_path: Path) -> None:
    """Whatever its port: both would count what the other one holds."""
    again = [*RUN, "--port", "0", "--data", str(tmp_path)]
    with held(tmp_path / "lock", "4711", lambda _: AssertionError()):
        refused = CliRunner().invoke(cli, again)
    assert refused.exit_code == 1
    assert f"a relay is already running in {tmp_path}, pid 4711: name another" in refused.output
    assert not (tmp_path / "relay.sqlite").exists()
