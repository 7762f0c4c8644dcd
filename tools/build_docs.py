"""What the sources say of events, errors, functions and structs: their NatSpec, from the build."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_SELECTORS = ("eventSelector", "errorSelector", "functionSelector")


class Docs:
    """Texts by selector (hexadecimal, without 0x), and of structs' members by (struct, member)."""

    def __init__(self, build: Path) -> None:
        self.of: dict[str, str] = {}
        self.members: dict[tuple[str, str], str] = {}
        # Interfaces first: what implements them only says @inheritdoc.
        for folder in ("interfaces", "contracts"):
            for path in sorted((build / folder).glob("*.json")):
                built = json.loads(path.read_text())
                source = built["source"].encode()
                for node in _nodes(built["ast"]):
                    self._take(node, source)

    def _take(self, node: dict[str, Any], source: bytes) -> None:
        if node["nodeType"] == "StructDefinition":
            for member in node["members"]:
                text = _before(source, int(member["src"].split(":")[0]))
                if text:
                    self.members.setdefault((node["name"], member["name"]), text)
        selector = next((node[key] for key in _SELECTORS if node.get(key)), None)
        if selector and (text := _plain((node.get("documentation") or {}).get("text", ""))):
            self.of.setdefault(selector, text)


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "nodeType" in node:
            yield node
        for value in node.values():
            yield from _nodes(value)
    elif isinstance(node, list):
        for item in node:
            yield from _nodes(item)


def _before(source: bytes, start: int) -> str:
    """The /// lines right above a place."""
    lines = source[:start].decode().split("\n")[:-1]
    found: list[str] = []
    while lines and (line := lines.pop().strip()).startswith("///"):
        found.insert(0, line.removeprefix("///").strip())
    return " ".join(found)


def _plain(text: str) -> str:
    """NatSpec as prose: what it is, then its details, then its arguments and what it returns."""
    if "@inheritdoc" in text:
        return ""
    parts: list[str] = []
    for part in re.split(r"(?:^|\s)(?=@\w)", text.strip()):
        words = " ".join(part.split())
        tag, _, rest = words.partition(" ") if words.startswith("@") else ("@notice", "", words)
        if tag == "@param":
            name, _, rest = rest.partition(" ")
            parts.append(f"`{_snake(name)}`: {rest}")
        elif tag == "@return":
            parts.append(f"Returns: {rest}")
        elif tag in ("@notice", "@dev") and rest:
            parts.append(rest)
    return "\n".join(part if part[-1] in ".:;" else f"{part}." for part in parts)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower().strip("_")
