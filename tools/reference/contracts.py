"""A page for each interface of the contracts: its declarations with their NatSpec."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pdoc import render

KINDS = {
    "FunctionDefinition": "Functions",
    "EventDefinition": "Events",
    "ErrorDefinition": "Errors",
    "StructDefinition": "Records",
    "EnumDefinition": "Enumerations",
}


@dataclass(frozen=True)
class Declared:
    name: str
    code: str
    text: str  # Markdown


def write_contracts(build: Path, out: Path) -> list[tuple[str, str]]:
    """Returns (interface, its title), for the index."""
    out.mkdir(parents=True)
    listed = []
    page = render.env.get_template("contract.html.jinja2")
    for path in sorted(build.glob("*.json")):
        built = json.loads(path.read_text())
        source = built["source"].encode()
        nodes = built["ast"]["nodes"]
        (interface,) = (node for node in nodes if node.get("name") == path.stem)
        parts: dict[str, list[Declared]] = {}
        for node in interface["nodes"]:
            if node["nodeType"] in KINDS:
                parts.setdefault(KINDS[node["nodeType"]], []).append(declared(node, source))
        said = markdown(interface)
        title = re.match(r"(.*?)\.?(?:\n|$)", said)
        assert title is not None
        bases = [base["baseName"]["name"] for base in interface["baseContracts"]]
        listed.append((path.stem, title[1]))
        written = page.render(name=path.stem, about=said, bases=bases, parts=parts)
        (out / f"{path.stem}.html").write_text(written)
    return listed


def declared(node: dict[str, Any], source: bytes) -> Declared:
    start, length, _ = map(int, node["src"].split(":"))
    return Declared(node["name"], source[start : start + length].decode(), markdown(node))


def markdown(node: dict[str, Any]) -> str:
    """Its NatSpec: what it is, its details, a list of its parameters and what it returns."""
    text = (node.get("documentation") or {}).get("text", "")
    said: list[str] = []
    for part in re.split(r"(?:^|\s)(?=@\w)", text.strip()):
        words = " ".join(part.split())
        tag, _, rest = words.partition(" ") if words.startswith("@") else ("@notice", "", words)
        if tag in ("@param", "@return"):
            name, _, about = rest.partition(" ")
            said.append(f"- `{name}`: {about}" if tag == "@param" else f"- returns {rest}")
        elif rest:
            said.append(rest if rest[-1] in ".:;" else f"{rest}.")
    return "\n\n".join(said)
