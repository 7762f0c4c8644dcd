"""What is shipped knows contracts by interfaces, or by what is deployed: not by mocks."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOCKS = {path.stem for path in (ROOT / "contracts" / "mocks").glob("*.sol")}
STAND_INS = {"LocalToken", "MockCourt", "FixedToken"}
"""What a deployment, or the rehearsal of one, puts on a local chain in the place of what others
bring."""


def test_only_the_deployment_of_local_chains_names_mocks() -> None:
    named = {
        (str(path.relative_to(ROOT / "suanli")), name)
        for path in (ROOT / "suanli").rglob("*.py")
        for name in re.findall(r'"(\w+)"', path.read_text())
        if name in MOCKS
    }
    assert {name for _, name in named} == STAND_INS
    assert {path.split("/")[0] for path, _ in named} == {"deployment", "devnet"}


def test_no_other_mock_is_shipped() -> None:
    shipped = {path.stem for path in (ROOT / "suanli" / "chain" / "generated").glob("*.json")}
    assert shipped & MOCKS == STAND_INS
