"""Which names `make reference` refuses, and what it makes of NatSpec. The pages themselves take ten
seconds: .ci/run builds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documents.printed import ROOT
from tools.reference.contracts import markdown
from tools.reference.names import broken_names


@pytest.mark.parametrize(
    ("mentioned", "wrong"),
    [
        ("Client.submit", False),
        ("Client.fly", True),
        ("DealRecord.request", False),
        ("CasePhase.DRAWING", False),
        ("Plan.scale", True),
        ("Cgroups.try", True),
        ("NoSuchClass", True),
        ("IEscrow", False),
        ("suanli.base.errors", False),
        ("suanli.base.wings", True),
        ("budget", False),
        ("ValueError", False),
    ],
)
def test_names_that_are_not_there_are_found(mentioned: str, wrong: bool, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(f"<p>See <code>{mentioned}</code>, docs/jobs.md.</p>")
    expected = [f"page.html names `{mentioned}`, which is not there"] if wrong else []
    assert broken_names(tmp_path, ROOT) == expected


def test_a_document_that_is_not_there_is_found(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p>docs/nothing.md has more.</p>")
    assert broken_names(tmp_path, ROOT) == ["page.html names `docs/nothing.md`, which is not there"]


def test_natspec_as_markdown() -> None:
    text = "@notice Send it\n @dev Reverts: ZeroAmount\n @param to Who gets it\n @return How much"
    assert markdown({"documentation": {"text": text}}) == (
        "Send it.\n\nReverts: ZeroAmount.\n\n- `to`: Who gets it\n\n- returns How much"
    )
    assert markdown({"documentation": None}) == ""
