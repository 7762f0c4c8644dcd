"""What the rules draw: the first of each is the simplest, to which a failure shrinks."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from suanli.protocol import ZERO_DIGEST
from tests.contracts.stateful.world import DAY, OFFICES, PEOPLE, TOKEN
from tests.harness.market import ZERO

LAST_SECOND = 2**40 - 1

SIZES = (100, 1, 2, 7, 0, 99, 101, 333, 499, 500, 750, 1000, 1001, 1500, 2000, 2**64 - 1)
"""Of units; also what varies a signature: see `MarketMachine.signature`."""
ASKS = (0, 1, 10**13, TOKEN // 7, TOKEN - 1, TOKEN, 3 * TOKEN // 2, 2 * TOKEN)
BIDS = (2 * TOKEN, TOKEN // 7, TOKEN - 1, TOKEN, 3 * TOKEN // 2, 5 * TOKEN)

FLAWS: tuple[dict[str, Any], ...] = (
    {"units": 0},
    {"units": 2**64 - 1},
    {"units": 1501},
    {"units": 2**64 - 1, "max_price": 2**96 - 1},
    {"max_price": 0},
    {"max_price": 2**96 - 1},
    {"confirm_by": 0},
    {"duration": 59},
    {"duration": 30 * DAY + 1},
    {"tasks": 0},
    {"tasks": 1, "units": 1001},
    {"runtime": 2**16 - 1},
    {"job": ZERO_DIGEST},
    {"terms": 0},
    {"terms": 99},
    {"resource": 0},
    {"resource": 3},
    {"resource": 99},
    {"flags": 2},
    {"flags": 2**16 - 1},
    {"epoch": 7},
    {"requester": ZERO},
)

mostly = st.sampled_from((True, True, True, True, True, False))
which = st.integers(0, 11)
"""Of several that fit, the latest first."""
people = st.sampled_from(PEOPLE)
anybody = st.sampled_from((*PEOPLE, *OFFICES))
units = st.sampled_from(SIZES)
resources = st.sampled_from((1, 2, 4, 1, 2, 4, 3, 5))
