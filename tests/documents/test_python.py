"""Python that documents print compiles, and what it takes from our packages is there.

Those that tests run: README's sessions (tests/integration/test_readme.py), docs/requesting.md's
(tests/suanli/client/test_commands.py).
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.documents.printed import Block, blocks

PRINTED = [block for block in blocks() if block.language == "python"]


def of_ours(module: ModuleType, names: list[str]) -> str:
    """The first of the dotted names that is not there, or ""; values are not looked into."""
    found: object = module
    for name in names:
        if isinstance(found, ModuleType) and not hasattr(found, name):
            try:
                importlib.import_module(f"{found.__name__}.{name}")
            except ImportError:
                return f"{found.__name__}.{name}"
        found = getattr(found, name)
        if not isinstance(found, ModuleType | type):
            return ""
    return ""


def taken(tree: ast.AST) -> Iterator[list[str]]:
    """Dotted names of ours that are imported or written out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from ([*str(node.module).split("."), alias.name] for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".") for alias in node.names)
        elif isinstance(node, ast.Attribute):
            dotted = ast.unparse(node).split(".")
            if all(name.isidentifier() for name in dotted):
                yield dotted


@pytest.mark.parametrize("block", PRINTED, ids=str)
def test_it_compiles_and_what_it_names_is_there(block: Block) -> None:
    text = block.text.replace("[…]", "[...]")
    tree = ast.parse(text, str(block))
    ours = [names for names in taken(tree) if names[0] == "suanli"]
    missing = [of_ours(importlib.import_module("suanli"), names[1:]) for names in ours]
    assert [name for name in missing if name] == []


def test_a_wrong_name_is_seen() -> None:
    suanli = importlib.import_module("suanli")
    assert of_ours(suanli, ["client", "Nothing"]) == "suanli.client.Nothing"
    assert of_ours(suanli, ["chain", "Market", "deposit"]) == ""
