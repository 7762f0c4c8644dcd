"""Which parameters an adaptive price model can be deployed with; they never change."""

import pytest

from suanli.model import Adaptation
from suanli.protocol import Refused
from tests.harness.evm import Evm, account, reverts
from tests.harness.market import MAX_UINT96, PRICE

MARKET = account("market")
GOOD = {
    "target": 800_000_000,
    "speed": 40_000_000_000_000,
    "window": 3_600,
    "start": PRICE,
    "floor": PRICE // 100,
    "cap": 100 * PRICE,
}


def deploy(**changes: int):
    return Evm().deploy("AdaptivePriceModel", MARKET, 4, *(GOOD | changes).values())


def test_keeps_its_parameters():
    model = deploy()
    found = (model.target(), model.speed(), model.window(), model.floor(), model.cap())
    assert (model.market(), model.resource(), *found) == (
        MARKET,
        4,
        *(GOOD[name] for name in ("target", "speed", "window", "floor", "cap")),
    )


def test_starts_as_if_the_target_had_been_observed():
    model = deploy()
    assert tuple(model.state()) == (PRICE, Evm().time, *(GOOD["target"],) * 2)


@pytest.mark.parametrize(
    ("field", "value", "least", "most"),
    [
        ("target", 0, 1, 10**9 - 1),
        ("target", 10**9, 1, 10**9 - 1),
        ("window", 59, 60, 86_400),
        ("window", 86_401, 60, 86_400),
        ("speed", 0, 1, 10**18 // 3_600),
        ("speed", 10**18 // 3_600 + 1, 1, 10**18 // 3_600),
        ("floor", 10**9 - 1, 10**9, 100 * PRICE),
        ("floor", 100 * PRICE + 1, 10**9, 100 * PRICE),
        ("start", PRICE // 100 - 1, PRICE // 100, 100 * PRICE),
        ("start", 100 * PRICE + 1, PRICE // 100, 100 * PRICE),
    ],
)
@pytest.mark.spec("10.1")
def test_refuses_what_is_out_of_bounds(field, value, least, most):
    with reverts("OutOfBounds", value, least, most):
        deploy(**{field: value})
    with pytest.raises(Refused) as refused:
        Adaptation(**(GOOD | {field: value}))
    assert (refused.value.name, refused.value.arguments) == ("OutOfBounds", (value, least, most))


@pytest.mark.parametrize(
    "changes",
    [
        {"target": 1, "window": 60, "speed": 10**18 // 60},
        {"target": 10**9 - 1, "window": 86_400, "speed": 1},
        {"floor": 10**9, "start": 10**9, "cap": 10**9},
        {"start": MAX_UINT96, "cap": MAX_UINT96},
    ],
)
@pytest.mark.spec("10.1")
def test_takes_what_is_at_the_bounds(changes):
    model = deploy(**changes)
    wanted = Adaptation(**(GOOD | changes))
    assert (model.target(), model.window(), model.speed()) == (
        wanted.target,
        wanted.window,
        wanted.speed,
    )
    assert (model.floor(), model.state().price, model.cap()) == (
        wanted.floor,
        wanted.start,
        wanted.cap,
    )
