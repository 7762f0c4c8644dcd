"""What a daemon waits for at its start, and what it says at once."""

from __future__ import annotations

import pytest

from suanli.base.errors import SuanliError
from suanli.chain import BadAnswer, ContractError, NoContract, RpcError, TransportError
from suanli.daemon import AWAY, OUTAGES, NotReady
from suanli.daemon.opening import when_reached


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suanli.daemon.lane.FIRST_PAUSE", 0.0)
    monkeypatch.setattr("suanli.daemon.lane.LONGEST_PAUSE", 0.0)


def test_a_node_that_is_away_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "suanli.daemon")
    errors: list[SuanliError] = [
        TransportError("no answer"),
        RpcError("eth_call", -32000, "it starts"),
        BadAnswer("eth_call", "it is empty"),
    ]

    def ready() -> str:
        if errors:
            raise errors.pop(0)
        return "ready"

    assert when_reached(ready) == "ready"
    told = [record.getMessage() for record in caplog.records]
    assert told == ["chain is away, waiting for it: no answer", "chain is back"]


@pytest.mark.parametrize(
    "error",
    [NoContract("0x" + "11" * 20), ContractError("TooLate", {}), NotReady("no money")],
    ids=lambda error: type(error).__name__,
)
def test_what_waiting_does_not_mend_is_said_at_once(error: SuanliError) -> None:
    """A wrong address must not be waited for. Later it is: a node may be behind."""

    def refused() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        when_reached(refused)
    assert raised.value is error
    assert not isinstance(error, AWAY)
    assert isinstance(error, OUTAGES) is not isinstance(error, NotReady)
