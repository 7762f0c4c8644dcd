"""A package is what its `__init__` names: `__all__` is whole, and others import nothing else.

`__all__` may name modules, too: what such a module defines without an underscore is public then.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from inspect import ismodule
from pathlib import Path
from types import ModuleType

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = sorted(
    ".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "suanli").rglob("__init__.py")
)
SOURCES = [path for folder in ("suanli", "scripts") for path in (ROOT / folder).rglob("*.py")]


def named(package: ModuleType) -> set[str]:
    return set(getattr(package, "__all__", ()))


@pytest.mark.parametrize("name", PACKAGES)
def test_all_names_what_is_there(name: str) -> None:
    package = importlib.import_module(name)
    every = list(getattr(package, "__all__", ()))
    assert len(every) == len(set(every))
    for public in every:
        assert hasattr(package, public) or importlib.import_module(f"{name}.{public}")


@pytest.mark.parametrize("name", PACKAGES)
def test_all_leaves_out_nothing_public(name: str) -> None:
    package = importlib.import_module(name)
    found = {key for key, value in vars(package).items() if not ismodule(value)}
    ours = {key for key in found if key[0] != "_" and key not in ("TYPE_CHECKING", "Any")}
    assert ours <= named(package)


def imports(path: Path) -> Iterator[tuple[int, str, str]]:
    """(line, module, name) of each import of a name of ours."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "suanli":
            yield from ((node.lineno, str(node.module), alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (
                (node.lineno, alias.name, "")
                for alias in node.names
                if alias.name.startswith("suanli.")
            )


def is_open(module: str, name: str) -> bool:
    """Whether whoever is outside may import this."""
    parts = module.split(".")
    for depth in range(2, len(parts)):
        inside = importlib.import_module(".".join(parts[:depth]))
        if parts[depth] not in named(inside):
            return False
    if module not in PACKAGES:
        return name[:1] != "_"
    return not name or name in named(importlib.import_module(module))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_surfaces_are_imported(path: Path) -> None:
    own = ".".join(path.relative_to(ROOT).parts[:2])
    for line, module, name in imports(path):
        if module == "suanli" or ".".join(module.split(".")[:2]) == own:
            continue
        assert is_open(module, name), f"{path}:{line}: {name} of {module} is not public"


def test_no_modules_import_one_another_in_a_circle() -> None:
    """What is imported for its types alone does not count."""
    graph = grimp.build_graph("suanli", exclude_type_checking_imports=True)
    left = {
        module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules
    }
    while ends := {module for module, imported in left.items() if not imported & left.keys()}:
        for module in ends:
            del left[module]
    # What is left imports something of a circle, or is in one; those that nobody imports go, too.
    while tops := left.keys() - set().union(*left.values()):
        for module in tops:
            del left[module]
    assert sorted(left) == []


def test_no_two_classes_share_a_name() -> None:
    """But for the shadow's, which bear the contracts' names on purpose."""
    found: dict[str, list[str]] = {}
    for path in (ROOT / "suanli").rglob("*.py"):
        if "model" not in path.relative_to(ROOT / "suanli").parts:
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef):
                    found.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}
