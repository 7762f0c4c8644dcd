"""What `suanli miner check` says of a market, before anything is lost to it."""

from __future__ import annotations

import pytest

from suanli.chain import Contract
from suanli.deployment import NO_COURT, one_owner
from suanli.engine import Runtime, runtime_id
from suanli.miner.checks import Finding, examine
from suanli.protocol import ZERO_ADDRESS
from tests.harness.bench import config_of
from tests.harness.local_chain import BOB, DEPLOYER, anvil
from tests.harness.world import World, send


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suanli.daemon.checks.account_of", lambda config, prompt: BOB)


def found(world: World, name: str, **changes: object) -> Finding:
    config = config_of(world.market, BOB, world.folder, rpc=world.rpc, **changes)
    (finding,) = [finding for finding in examine(config) if finding.name == name]
    return finding


def owner_sends(world: World, method: str, *arguments: object) -> None:
    contract = Contract(world.market.node, world.market.address, "ComputeMarket")
    send(world.market, DEPLOYER, contract.call(method, *arguments))


def leave_terms_without_a_court(world: World) -> None:
    terms = world.market.terms_of(1)
    owner_sends(world, "addTerms", terms._replace(court=ZERO_ADDRESS))
    owner_sends(world, "retireTerms", 1)


def test_terms_with_a_court(world: World) -> None:
    court = world.market.terms_of(1).court
    expected = Finding("terms", True, f"the newest with a court name {court}")
    assert found(world, "terms") == expected


def test_terms_without_a_court_are_taken_and_explained(world: World) -> None:
    leave_terms_without_a_court(world)
    assert found(world, "terms") == Finding("terms", True, NO_COURT)
    refused = found(world, "terms", court=True)
    assert (refused.right, refused.text[: len(NO_COURT)]) == (False, NO_COURT)
    assert refused.text.endswith("set court = false to take them")


def test_no_open_terms(world: World) -> None:
    owner_sends(world, "retireTerms", 1)
    assert not found(world, "terms").right


def test_each_of_several_nodes(world: World) -> None:
    """They are used in turn: one that is wrong shows only once another one fails."""
    with anvil("--chain-id", "7") as other:
        config = config_of(
            world.market, BOB, world.folder, rpc=f"{world.rpc}, {other},http://127.0.0.1:1"
        )
        right, foreign, away = [it for it in examine(config) if it.name == "node"]
    assert (right.right, right.text.split(",")[0]) == (True, world.rpc)
    assert (foreign.right, "serves chain 7, not 31337" in foreign.text) == (False, True)
    assert (away.right, "is it running" in away.text) == (False, True)


def test_who_owns_the_market(world: World) -> None:
    assert found(world, "owner") == Finding("owner", True, one_owner(DEPLOYER.address))


def test_a_runtime_that_is_not_permitted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = {Runtime.FAST: b"\x07" * 32, Runtime.PORTABLE: b"\x08" * 32}
    monkeypatch.setattr("suanli.miner.runtimes.runtime_id", ids.__getitem__)
    missing = found(world, "class")
    assert not missing.right
    assert missing.text == (
        "class 1 does not permit what this machine runs: put it to a vote (suanli govern propose"
        f" 'permitRuntime 1 0x{'07' * 32}' 'permitRuntime 1 0x{'08' * 32}'), or install a version"
        " that is permitted"
    )
    owner_sends(world, "permitRuntime", 1, b"\x07" * 32)
    assert found(world, "class") == Finding(
        "class", True, "1 permits this engine's 0707070707070707…"
    )


def test_a_runtime_that_is_suspended(world: World) -> None:
    fast, portable = map(world.market.runtimes_of(1).index, map(runtime_id, Runtime))
    owner_sends(world, "setRuntimeSuspended", 1, fast, True)
    assert found(world, "class") == Finding(
        "class", True, "1 permits this engine's portable, and has suspended fast"
    )
    owner_sends(world, "setRuntimeSuspended", 1, portable, True)
    assert found(world, "class") == Finding(
        "class",
        False,
        "class 1 makes no new deals with what this machine runs: a vote has suspended it. Install"
        " a version that is not, or sell another class",
    )


def test_what_a_machine_runs_that_can_not_run_the_fast_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast, portable = (runtime_id(runtime).hex() for runtime in Runtime)
    config = config_of(world.market, BOB, world.folder, rpc=world.rpc, workers=3)
    assert [it.text for it in examine(config) if it.name == "engine"] == [
        f"runtime fast {fast}, 3 workers",
        f"runtime portable {portable}, 3 workers",
    ]
    emulated = {Runtime.FAST: "it makes other NaNs", Runtime.PORTABLE: ""}
    monkeypatch.setattr("suanli.miner.runtimes.usable", lambda: emulated)
    findings = [it for it in examine(config) if it.name in ("engine", "class")]
    assert findings == [
        Finding("engine", True, f"runtime portable {portable}, 3 workers"),
        Finding("engine", True, "sells the runtime portable only, not fast: it makes other NaNs"),
        Finding("class", True, "1 permits this engine's portable"),
    ]
    neither = dict.fromkeys(Runtime, "no bubblewrap")
    monkeypatch.setattr("suanli.miner.runtimes.usable", lambda: neither)
    assert found(world, "engine") == Finding("engine", False, "no bubblewrap")
