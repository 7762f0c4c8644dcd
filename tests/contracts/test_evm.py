"""The EVM of the tests must itself be strict, or tests that lean on it prove nothing."""

import json

import pytest

from tests.harness import evm as module
from tests.harness.evm import START_TIME, Codec, Evm, Reverted, account, artifact, reverts


@pytest.fixture
def fresh():
    return Evm()


@pytest.fixture
def tree(fresh):
    return fresh.deploy("ResultTreeHarness")


LEAF = {"index": 3, "outcome": 0, "digest": bytes(32), "units": 1}


def test_reverts_accepts_only_the_exact_error(tree):
    with reverts("TaskOutOfRange", 3, 2):
        tree.open(bytes(32), 2, LEAF, [])
    for name, args in (("TaskOutOfRange", (3, 3)), ("TaskOutOfRange", ()), ("Other", (3, 2))):
        with pytest.raises(AssertionError, match="not with"), reverts(name, *args):
            tree.open(bytes(32), 2, LEAF, [])
    with pytest.raises(AssertionError, match="did not revert"), reverts("TaskOutOfRange", 3, 2):
        tree.depthOf(1)


def test_panics_empty_reverts_and_unknown_errors_are_named(fresh, tree):
    with reverts("Panic", 0x11):
        tree.depthOf(0)
    with reverts("Empty"):
        fresh.message(account("a"), tree.address, b"\x01\x02\x03\x04")
    assert str(fresh.explain(b"\x01\x02\x03\x04")) == r"Unknown(b'\x01\x02\x03\x04')"
    assert isinstance(fresh.explain(b""), Reverted)


def test_structs_go_in_by_name_or_by_position(tree):
    values = tuple(LEAF.values())
    assert tree.leafHash(LEAF) == tree.leafHash(values)
    assert tree.leafHash(dict(reversed(LEAF.items()))) == tree.leafHash(values)
    with pytest.raises(TypeError, match="other fields"):
        tree.leafHash({**LEAF, "extra": 1})
    with pytest.raises(TypeError, match="takes 1 arguments, not 2"):
        tree.leafHash(LEAF, LEAF)
    with pytest.raises(AttributeError, match="has no function nothing"):
        _ = tree.nothing


def test_several_results_are_a_named_tuple(tree):
    leaf = {**LEAF, "index": 0}
    opened = tree.open(tree.leafHash(leaf), 1, leaf, [])
    assert (opened.reached, opened.total) == (True, 1)


def test_rollback_undoes_block_time_and_state(fresh, tree):
    token = fresh.deploy("LocalToken", 18)
    with fresh.rollback():
        with fresh.rollback():
            receipt = token.faucet(5, sender=account("a"))
            assert receipt.event("Transfer").args["to"] == account("a")
            fresh.advance(60, blocks=5)
        assert (fresh.time, fresh.number) == (START_TIME, 1)
        assert token.balanceOf(account("a")) == 0
        token.faucet(7, sender=account("a"))
    assert token.balanceOf(account("a")) == 0


def test_views_can_not_change_state(fresh, tree):
    token = fresh.deploy("LocalToken", 18)
    data = Codec(
        next(e for e in artifact("LocalToken").abi if e.get("name") == "faucet")
    ).call_data((5,))
    with reverts("Halt", "StateChangeDuringStaticCall"):
        fresh.message(account("a"), token.address, data, static=True)


def test_events_by_name_must_be_single(fresh):
    token = fresh.deploy("LocalToken", 18)
    receipt = token.faucet(5, sender=account("a"))
    with pytest.raises(AssertionError, match="0 events Nothing"):
        receipt.event("Nothing")


def test_accounts_know_their_key():
    from eth_keys import keys

    a = account("a")
    assert keys.PrivateKey(a.key).public_key.to_address() == a
    assert account("a") is a
    assert account("b") != a


def test_stale_and_missing_artefacts_are_refused(monkeypatch, tmp_path):
    data = json.loads((module.BUILD / "ResultTreeHarness.json").read_text())
    stale = json.loads((module.BUILD / "ResultTree.json").read_text())
    stale["source"] += "// before it was edited"
    (tmp_path / "ResultTreeHarness.json").write_text(json.dumps(data))
    (tmp_path / "ResultTree.json").write_text(json.dumps(stale))
    monkeypatch.setattr(module, "BUILD", tmp_path)
    artifact.cache_clear()
    with pytest.raises(RuntimeError, match=r"ResultTreeHarness changed .* run `brownie compile`"):
        artifact("ResultTreeHarness")
    with pytest.raises(FileNotFoundError, match="Nowhere is not compiled: run `brownie compile`"):
        artifact("Nowhere")
