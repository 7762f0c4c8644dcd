"""`--json`: numbers that a reader would round are text, under names that the documents list."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from suanli.cli.as_json import TEXT, as_json

PAGE = Path(__file__).parents[3] / "docs" / "json.md"


@dataclass(frozen=True)
class Thing:
    price: int
    gas: int


def test_amounts_are_text_wherever_they_are() -> None:
    made = {"things": (Thing(2**60, 7),), "locked": None, "units": [1, 2], "seconds": 0.5}
    assert json.loads(as_json(made)) == {
        "things": [{"price": str(2**60), "gas": 7}],
        "locked": None,
        "units": ["1", "2"],
        "seconds": 0.5,
    }


def test_the_documents_list_what_is_text() -> None:
    rows = re.findall(r"^\| (.+?) \| text \| (base|of the|10⁻¹⁸|units)", PAGE.read_text(), re.M)
    listed = {name for names, _ in rows for name in re.findall(r"`(\w+)`", names)}
    assert listed == TEXT
