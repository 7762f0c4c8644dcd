"""What the compiler knows of the sources: which errors and events each function reaches."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.harness.evm import ROOT

SOLC = ROOT / ".cache" / "solcx" / "solc-v0.8.30"
REMAPPINGS = ["@openzeppelin=./node_modules/@openzeppelin", "solady=./node_modules/solady"]
IN_ASSEMBLY = {"safeTransfer": "TransferFailed", "safeTransferFrom": "TransferFromFailed"}
"""Errors of functions of others that are thrown where the compiler can't see it."""
Node = dict[str, Any]


def compiled(
    paths: Iterable[str], outputs: dict[str, list[str]], root: Path = ROOT, **settings: Any
) -> Node:
    """The compiler's answer about sources of this project, or of a copy of it at `root`."""
    question = {
        "language": "Solidity",
        "sources": {path: {"content": (root / path).read_text()} for path in paths},
        "settings": {"outputSelection": {"*": outputs}, "remappings": REMAPPINGS} | settings,
    }
    done = subprocess.run(
        [SOLC, "--standard-json"],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        cwd=root,
        check=True,
    )
    return dict(json.loads(done.stdout))


def nodes(tree: Any) -> Iterator[Node]:
    """In the order of the source."""
    if isinstance(tree, dict):
        if "nodeType" in tree:
            yield tree
        for value in tree.values():
            yield from nodes(value)
    elif isinstance(tree, list):
        for item in tree:
            yield from nodes(item)


class Sources:
    """All declarations that some sources need, by the compiler's numbers."""

    def __init__(self, *paths: str) -> None:
        answer = compiled(paths, {"": ["ast"]})
        self.trees = {path: source["ast"] for path, source in answer["sources"].items()}
        self.declared = {
            node["id"]: node for tree in self.trees.values() for node in nodes(tree) if "id" in node
        }

    def contract(self, name: str) -> Node:
        return next(
            node
            for node in self.declared.values()
            if node["nodeType"] == "ContractDefinition" and node["name"] == name
        )

    def functions(self, contract: str) -> dict[str, Node]:
        """Those that can be called from outside, inherited ones included, by name."""
        found: dict[str, Node] = {}
        for base in self.contract(contract)["linearizedBaseContracts"]:
            for node in self.declared[base]["nodes"]:
                public = node.get("visibility") in ("external", "public")
                if node["nodeType"] != "FunctionDefinition" or node["kind"] != "function":
                    continue
                if public and node["implemented"]:
                    found.setdefault(node["name"], node)
        return found

    def reached(self, function: Node) -> tuple[list[str], list[str]]:
        """Names of the errors and of the events of a function and all that it calls."""
        errors: dict[str, None] = {}
        events: dict[str, None] = {}
        self._follow(function, errors, events, set())
        return list(errors), list(events)

    def _follow(
        self, function: Node, errors: dict[str, None], events: dict[str, None], seen: set[int]
    ) -> None:
        if function["id"] in seen:
            return
        seen.add(function["id"])
        if error := IN_ASSEMBLY.get(function["name"]):
            errors[error] = None
        # What modifies a function runs before its body.
        for node in nodes([function.get("modifiers"), function.get("body")]):
            target = self.declared.get(node.get("referencedDeclaration") or node.get("function"))
            if target is None:
                continue
            match target["nodeType"]:
                case "ErrorDefinition":
                    errors[target["name"]] = None
                case "EventDefinition":
                    events[target["name"]] = None
                case "FunctionDefinition" | "ModifierDefinition":
                    self._follow(target, errors, events, seen)


@cache
def market() -> Sources:
    return Sources(
        "contracts/ComputeMarket.sol",
        "contracts/MarketExtension.sol",
        "interfaces/IComputeMarket.sol",
    )
