"""A miner in a process of its own, on a real chain, with a real program."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from click.testing import CliRunner

from benchmarks.proxy import Proxy
from suanli.base.accounts import Account
from suanli.cli import cli
from suanli.job import OutputRecord
from suanli.protocol import Request, State, Tree, decode_leaves
from tests.harness.local_chain import BOB, OTHERS, Controls
from tests.harness.world import World, manifest_of, process, send, write_config

KEY = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"
T = TypeVar("T")


def until(look: Callable[[], T], running: subprocess.Popen, seconds: float = 120) -> T:
    """What `look` sees once it is something; fails with the daemon's log when that takes long."""
    ends = time.monotonic() + seconds
    while not (found := look()):
        if running.poll() is not None or time.monotonic() > ends:
            running.kill()
            raise AssertionError(running.stdout.read())
        time.sleep(0.05)  # another process works meanwhile
    return found


def miner(command: str, config: Path, *options: str, key: str = KEY):
    return process("miner", command, "--config", str(config), *options, SUANLI_PRIVATE_KEY=key)


def outcome(command: str, config: Path, *options: str, key: str = KEY) -> tuple[int, str]:
    """Exit code and all that was printed. What runs no daemon needs no process of its own."""
    if command in ("init", "check", "status"):
        arguments = ["miner", command, "--config", str(config), *options]
        ran = CliRunner().invoke(cli, arguments, env={"SUANLI_PRIVATE_KEY": key})
        return ran.exit_code, ran.output
    with miner(command, config, *options, key=key) as running:
        text = running.communicate(timeout=120)[0]
        return running.returncode, text


def accepted(world: World, request: Request, id_: bytes) -> Callable[[], bool]:
    def look() -> bool:
        for claim in world.requester.relay.claims(id_):
            world.requester.accept(claim)
        return world.market.state_of(request) is State.SETTLED

    return look


def test_deals_by_both_paths_through_a_kill_to_the_last_token(world: World) -> None:
    """Signed, killed while it runs, taken up again; then posted; then drained."""
    config = write_config(world)
    requester, market = world.requester, world.market
    manifest = manifest_of(4)
    requester.put(manifest)
    signed = requester.request(manifest, BOB.address, duration=600)
    id_ = requester.lodge(signed)
    with miner("run", config) as daemon:
        until(lambda: market.state_of(signed) is State.CONFIRMED, daemon)
        daemon.kill()
    with miner("run", config) as daemon:
        until(accepted(world, signed, id_), daemon)
        (told,) = requester.relay.progress(id_)
        assert (told.miner, told.tasks) == (BOB.address, 4)
        (claim,) = requester.relay.claims(id_)
        leaves = decode_leaves(requester.store.get(claim.leaves), 4)
        assert Tree(leaves).root == claim.root
        for leaf in leaves:
            record = OutputRecord.decode(requester.store.get(leaf.digest)[32:], 1 << 20)
            assert record.stdout == b"done\n"

        posted = requester.request(manifest, BOB.address)
        send(market, requester.account, market.post_request(posted))
        until(lambda: market.state_of(posted) is State.SUBMITTED, daemon)
        # The id of a posted request is no secret: its requester accepts on chain.
        deal = market.deal_of(market.domain.request_id(posted))
        assert deal.root == Tree(leaves).root
        send(
            market,
            requester.account,
            market.accept_result(posted, deal.root, deal.units_used),
        )

        refused = requester.lodge(requester.request(manifest, BOB.address, max_price=10**17))
        until(lambda: requester.relay.rejections(refused), daemon)
        code, text = outcome("status", config, "--json")
        status = json.loads(text)
        assert code == 0
        assert status["running"]
        assert [item["reason"][:10] for item in status["not_taken"]] == ["price: ask"]

        code, text = outcome("run", config)
        assert code == 1
        assert "another daemon works in" in text
        code, text = outcome("drain", config, "--wait")
        assert code == 0, text
        assert daemon.wait(timeout=60) == 0
        assert "drained" in daemon.stdout.read()
    earned = market.miner_account(BOB.address)
    assert earned.earnings == 0, "collected"
    code, text = outcome("status", config)
    assert code == 0
    assert "not running, draining" in text
    assert "in 2 deals" in text
    assert market.offer_of(BOB.address, 1).valid_until == 0


def test_a_new_miner_from_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """init, check, run, the stake back: as somebody who joins with an empty folder."""
    monkeypatch.setenv("SUANLI_RELAY", world.relay_url)
    key = "0x" + "0d" * 32
    account = Account.from_key(key)
    config = world.folder / "new" / "miner.toml"
    config.parent.mkdir()
    options = ["--rpc", world.rpc, "--market", world.market.address]
    options += ["--payout", OTHERS[0], "--workers", "1", "--capacity", "50"]
    code, text = outcome("init", config, *options, key=key)
    assert code == 0, text
    assert "units_per_second" in text
    assert f'relays = ["{world.relay_url}"]' in config.read_text()
    code, text = outcome("init", config, *options, key=key)
    assert code == 1
    assert "--force" in text
    other = config.with_name("poor.toml")
    code, text = outcome("init", other, *options[:-2], key=key)
    assert code == 0, text
    assert f"stake and tokens of {account.address} cover 0 of " in text
    assert 'capacity = "auto"\n' in other.read_text()

    code, text = outcome("check", config, "--json", key=key)
    assert code == 1
    wrong = {item["name"] for item in json.loads(text) if not item["right"]}
    assert wrong == {"gas", "stake"}
    (stake,) = [item["text"] for item in json.loads(text) if item["name"] == "stake"]
    assert "cover 0 of 50 units of class 1: to sell all, send it 100 SLT more (token 0x" in stake
    code, text = outcome("run", config, key=key)
    assert code == 1
    assert "Traceback" not in text

    Controls(world.market.node).anvil_setBalance(account.address, hex(10**19))
    world.requester.account, saved = account, world.requester.account
    world.requester.fund(100 * 10**18)
    world.requester.account = saved
    code, text = outcome("check", config, key=key)
    assert code == 0, text
    with miner("run", config, key=key) as daemon:
        until(lambda: _is_selling(world, account), daemon)
        daemon.terminate()
        log = daemon.communicate(timeout=20)[0]
        assert daemon.returncode == 0, log
    code, text = outcome("drain", config, "--unbond", key=key)
    assert code == 0, text
    assert "100 SLT are unbonding until 20" in text
    assert world.market.miner_account(account.address).unbonding == 100 * 10**18


def test_a_second_daemon_of_one_account_is_refused(world: World) -> None:
    """Whatever its file and folder; it is told of the first one."""
    with miner("run", write_config(world)) as daemon:
        until(lambda: _is_registered(world), daemon)
        code, text = outcome("run", write_config(world, data="elsewhere"))
        assert code == 1
        last = text.strip().rpartition("\n")[2]
        folder = world.folder / "miner-data"
        assert last == (
            f"Error: another daemon works as a miner with {BOB.address} here (pid {daemon.pid},"
            f" folder {folder}): two would do the same work twice; stop it, or use another account"
        )
        daemon.terminate()
        assert daemon.communicate(timeout=20)[0]


def test_a_daemon_waits_for_a_chain_that_is_away(world: World) -> None:
    """As after a power cut, when the node starts after the daemon."""
    with Proxy(int(world.rpc.rpartition(":")[2])) as wire:
        wire.cut()
        config = write_config(world, rpc=wire.url, capacity=1)
        with miner("run", config) as daemon:
            assert "chain is away, waiting for it: no answer from" in daemon.stdout.readline()
            wire.mend()
            offer = world.market.offer_of
            until(lambda: _is_registered(world) and offer(BOB.address, 1).published, daemon)
            daemon.terminate()
            log = daemon.communicate(timeout=20)[0]
            assert daemon.returncode == 0, log
            assert "chain is back" in log


def test_a_daemon_that_waits_can_be_ended(world: World) -> None:
    with miner("run", write_config(world, rpc="http://127.0.0.1:9")) as daemon:
        assert "no answer from the node" in daemon.stdout.readline()
        daemon.terminate()
        assert "stopped" in daemon.communicate(timeout=20)[0]
        assert daemon.returncode == 0


def _is_registered(world: World) -> bool:
    return world.market.miner_account(BOB.address) is not None


def _is_selling(world: World, account: Account) -> bool:
    known = world.market.miner_account(account.address)
    return known is not None and world.market.offer_of(account.address, 1).published == 50


@pytest.mark.parametrize(
    ("changes", "key", "says"),
    [
        ({"chain_id": 1}, KEY, "serves chain 31337, not 1"),
        ({"market": "0x" + "99" * 20}, KEY, "there is no contract at"),
        ({"resource": 9}, KEY, "there is no class 9"),
        ({"resource": 2}, KEY, "does not permit what this machine runs"),
        ({"resource": 3}, KEY, "makes no deals"),
        ({}, "0x12", "not a private key"),
        ({"account": "nobody"}, KEY, "there is no account 'nobody'"),
    ],
)
def test_what_is_wrong_is_one_line_and_exit_code_1(
    world: World, monkeypatch: pytest.MonkeyPatch, changes: dict, key: str, says: str
) -> None:
    config = write_config(world, **changes)
    monkeypatch.setenv("SUANLI_PRIVATE_KEY", key)
    monkeypatch.setenv("SUANLI_ACCOUNTS", str(world.folder / "accounts"))
    ran = CliRunner().invoke(cli, ["miner", "run", "--config", str(config)])
    assert ran.exit_code == 1
    assert says in ran.output
    assert key[2:] not in ran.output
