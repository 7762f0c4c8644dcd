"""What `tools/venv/suanli_brownie.py` mends in Brownie."""

import json
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import suanli_brownie
from brownie.exceptions import RPCRequestError
from web3.exceptions import TransactionNotFound

from tests.conftest import pytest_runtest_makereport


def answering(misses: int):
    """A node's answers to one question: not found so many times, then found."""
    asked = []

    def get(txid: str) -> str:
        asked.append(txid)
        if len(asked) <= misses:
            raise TransactionNotFound(txid)
        return "found"

    return get


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(suanli_brownie.time, "sleep", lambda _: None)


def test_a_transaction_that_is_shown_late_is_not_dropped():
    assert suanli_brownie.patient(answering(misses=3))("0x1") == "found"


def test_one_that_never_shows_is_not_found():
    with pytest.raises(TransactionNotFound):
        suanli_brownie.patient(answering(misses=100))("0x1")


def test_brownie_asks_with_patience():
    from brownie import web3

    assert web3.eth.get_transaction.__wrapped__
    assert web3.eth.get_transaction_receipt.__wrapped__


@pytest.mark.parametrize("active", [True, False])
def test_what_fails_since_the_chain_was_ended_is_not_told(monkeypatch, active):
    def failing():
        raise RPCRequestError("Web3 is not connected.")

    monkeypatch.setattr(suanli_brownie, "rpc", SimpleNamespace(is_active=lambda: active))
    with pytest.raises(RPCRequestError) if active else nullcontext():
        suanli_brownie.unless_over(failing)()


def test_brownie_prepares_no_undoing_of_what_is_over():
    from brownie import chain

    assert chain._add_to_undo_buffer.__wrapped__


def test_what_a_failing_property_reports_can_be_shown():
    """Brownie wants and gives a list of lines, Hypothesis and pytest mean text."""
    item = SimpleNamespace(hypothesis_report_information="one\ntwo")
    hook = pytest_runtest_makereport(item)
    next(hook)
    lines = item.hypothesis_report_information
    assert lines == ["one", "two"]
    with pytest.raises(StopIteration) as returned:
        hook.send(SimpleNamespace(sections=[("log", "text"), ("Hypothesis", lines)]))
    assert returned.value.value.sections == [("log", "text"), ("Hypothesis", "one\ntwo")]


def test_what_was_compiled_of_a_contract_that_is_gone_goes(tmp_path):
    """Brownie would take it for another project's as long as something old depends on it."""
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "Here.sol").touch()
    (tmp_path / "build" / "contracts").mkdir(parents=True)
    sources = {
        "Here": "contracts/Here.sol",
        "Gone": "contracts/Gone.sol",
        "Theirs": "node_modules/them/Theirs.sol",
    }
    for name, source in sources.items():
        compiled = tmp_path / "build" / "contracts" / f"{name}.json"
        compiled.write_text(json.dumps({"sourcePath": source}))
    project = SimpleNamespace(_path=tmp_path, _build_path=tmp_path / "build")
    left = suanli_brownie.forgetting(
        lambda project: {path.stem for path in project._build_path.rglob("*.json")}
    )
    assert left(project) == {"Here", "Theirs"}
