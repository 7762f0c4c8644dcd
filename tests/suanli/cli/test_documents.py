"""What the documents name exists."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CODE = [
    *(ROOT / "suanli").rglob("*.py"),
    *(ROOT / "scripts").glob("*.py"),
    ROOT / "tests" / "conftest.py",
]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("*.md")]


def known() -> set[str]:
    """Variables that are read: written out, or named as a setting; one is click's."""
    names = {"SUANLI_COMPLETE"}
    for path in CODE:
        text = path.read_text()
        names |= set(re.findall(r"SUANLI_[A-Z_]+[A-Z]", text))
        settings = re.findall(r'(?:setting|required)\(\s*"([a-z_]+)"', text)
        names |= {f"SUANLI_{name.upper()}" for name in settings}
    return names


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_variables_that_documents_name_are_read(document: Path) -> None:
    named = set(re.findall(r"SUANLI_[A-Z_]+[A-Z]", document.read_text()))
    assert named <= known()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_documents_name_are_there(document: Path) -> None:
    named = re.findall(r"`([a-z_]+/[\w/.-]+\.(?:py|sol|md|sh))`", document.read_text())
    for path in named:
        assert (ROOT / path).exists() or (ROOT / "suanli" / path).exists(), path


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_the_picture_of_the_packages_is_the_linters() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    drawn = set(re.findall(r"<b>([a-z]+)</b>", text))
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    listed = " | ".join(layers["contracts"][0]["layers"]).split(" | ")
    assert drawn == set(listed)


def test_the_readme_maps_every_folder() -> None:
    listed = subprocess.run(
        ["git", "ls-tree", "-d", "--name-only", "HEAD"], cwd=ROOT, capture_output=True, text=True
    )
    folders = {name for name in listed.stdout.split() if not name.startswith(".")}
    readme = (ROOT / "README.md").read_text()
    assert {name for name in folders if f"`{name}/" not in readme} == set()
