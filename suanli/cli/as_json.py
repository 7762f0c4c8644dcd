"""What `--json` prints: the same names everywhere, and no number that a reader would round.

docs/json.md holds the table of names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

TEXT = frozenset(
    {
        "abstain",
        "against",
        "amount",
        "appeal",
        "ask",
        "available",
        "bid",
        "blame",
        "budget",
        "candidate",
        "capacity",
        "cost",
        "counted",
        "demanded",
        "deposit",
        "distributed",
        "earnings",
        "expected",
        "fee",
        "fees",
        "floor",
        "for",
        "free",
        "fuel",
        "limit",
        "lock",
        "locked",
        "merit",
        "most_units",
        "net",
        "paid",
        "price",
        "proposal_threshold",
        "published",
        "quorum",
        "reserved",
        "reward",
        "stake",
        "stake_per_unit",
        "supply",
        "task_units",
        "units",
        "units_left_out",
        "units_owed",
        "units_used",
        "value",
        "votes",
        "wallet",
        "wanted",
        "was",
        "wei",
        "worst",
    }
)
"""Names of amounts, prices, units and votes: whole numbers that can pass 2^53, so they are text."""


def as_json(value: Any) -> str:
    """One JSON document; dataclasses are objects."""
    return json.dumps(_plain(value, ""), indent=2)


def _plain(value: Any, name: str) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, Mapping):
        return {key: _plain(held, str(key)) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held, name) for held in value]
    if isinstance(value, bytes):
        return f"0x{value.hex()}" if value else ""
    if name in TEXT and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value
