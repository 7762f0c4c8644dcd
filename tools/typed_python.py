"""Python for a market's ABI: events and errors as classes, records, and its functions, typed."""

import ast
import keyword
import re
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from build_docs import Docs
from eth_utils.abi import abi_to_signature
from eth_utils.crypto import keccak

from suanli import protocol

NAMES = {"from": "sender", "class": "resource_class"}
"""What can't be a name in Python."""
TAKEN = {"args", "name", "values", "str"}
"""As suanli.chain.errors.attribute has it."""
VIEWS = "suanli.protocol.views"
"""What is made here is known there, too."""
RESULTS = {
    "accountOf": "Balance",
    "capacity": "CourtCapacity",
    "leastTimes": "LeastTimes",
    "supplyOf": "Supply",
}
"""Names for what returns several values by name; structs have theirs."""
RENAMED = {"Phase": "CasePhase", "Outcome": "CaseOutcome"}
"""Structs and enums that are called otherwise in Python, where the name is taken or says little."""
BY_HAND = {"minerAccount", "eip712Domain"}
"""Functions that `Market` has in a form of its own, or nobody needs."""
WIDTH = 96
HEAD = '''"""{about}

Written by `make abi` from the contracts' build: change those, not this.
"""

from __future__ import annotations

'''
ABOUT = {
    "errors": """One exception for each custom error of the contracts.

What to do about each stands in advice.toml.""",
    "events": """The market's and its court's events, named as in interfaces/*.sol, fields in the
events' own order.

Amounts in base units, prices in 10^-18 token per unit, times in seconds since 1970, addresses in
lowercase; `at` says where in the chain.""",
    "functions": """Functions of the {contract}, typed: views are read, others are calls to be sent.

Amounts in base units, prices in 10^-18 token per unit, times in seconds since 1970.""",
    "views": """What the views of the market and its court return.

Amounts in base units, prices in 10^-18 token per unit, times in seconds since 1970.""",
}
Entry = dict[str, Any]


def modules(
    typed: Mapping[str, tuple[str, Sequence[Entry]]], all_abis: Sequence[Entry], docs: Docs
) -> dict[str, str]:
    """The modules' texts by file name; `typed`: of what contracts, by what they are, name and ABI;
    `all_abis`: whose errors are known, too."""
    abi = [entry for _, entries in typed.values() for entry in entries]
    returned = dict(_records(e for e in abi if e["type"] == "function"))
    bodies = {
        "errors": ("errors", "", _errors(_distinct(all_abis, "error"), docs)),
        "events": ("events", "", _events(_distinct(abi, "event"), docs)),
        "views": ("views", "", _record_classes(returned, docs)),
    }
    for contract, (name, entries) in typed.items():
        functions = [e for e in entries if e["type"] == "function" and e["name"] not in BY_HAND]
        module = "functions" if contract == "market" else f"{contract}_functions"
        bodies[module] = "functions", contract, _functions(contract, name, functions, docs)
    texts = {
        f"{module}.py": _tidy(HEAD.format(about=ABOUT[kind].format(contract=contract)) + body)
        for module, (kind, contract, body) in bodies.items()
    }
    return texts | {"__init__.py": '"""Made from the contracts\' build by `make abi`."""\n'}


def without_advice(errors: str, advice: Path) -> list[str]:
    known = tomllib.loads(advice.read_text()) if advice.is_file() else {}
    return [
        n.name
        for n in ast.parse(errors).body
        if isinstance(n, ast.ClassDef) and n.name not in known
    ]


# Classes


def _errors(entries: Sequence[Entry], docs: Docs) -> str:
    yields = ["from suanli.chain.errors import ContractError", _imports(entries, "inputs")]
    for entry in entries:
        fields = [f"{_attribute(i)}: {_type(i)}" for i in entry["inputs"]]
        yields.append(_class(entry["name"], "ContractError", _doc(entry, docs), fields))
    return "\n".join(yields)


def _events(entries: Sequence[Entry], docs: Docs) -> str:
    yields = [
        "from dataclasses import dataclass",
        "from suanli.chain.event import Event",
        _imports(entries, "inputs"),
    ]
    for entry in entries:
        fields = [f"{_name(i)}: {_type(i)}" for i in entry["inputs"]]
        yields.append("@dataclass(frozen=True)")
        yields.append(_class(entry["name"], "Event", _doc(entry, docs), fields))
    return "\n".join(yields)


def _record_classes(returned: dict[str, list[Entry]], docs: Docs) -> str:
    used = [{"inputs": members} for members in returned.values()]
    sums = {name: f"{name}Sums" for name in returned if _has_sums(f"{name}Sums")}
    yields = ["from dataclasses import dataclass", _imports(used, "inputs", within=True)]
    if sums:
        yields.append(f"from suanli.protocol.sums import {', '.join(sorted(sums.values()))}")
    for name, members in sorted(returned.items()):
        fields = []
        for member in members:
            fields.append(f"{_name(member)}: {_type(member)}")
            if text := docs.members.get((name, member["name"])):
                fields.append(_docstring([text]))
        yields.append("@dataclass(frozen=True)")
        yields.append(_class(name, sums.get(name, ""), [], fields))
    return "\n".join(yields)


def _functions(what: str, contract: str, entries: Sequence[Entry], docs: Docs) -> str:
    names = [entry["name"] for entry in entries]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SystemExit(f"functions of one name can't be told apart: {', '.join(twice)}")
    records = sorted(dict(_records(entries)))
    yields = [
        "from collections.abc import Sequence",
        "from suanli.chain.contract import Call, Contract",
        f"from suanli.protocol import {', '.join(records)}",
        "from suanli.chain.typed import record_of",
        _imports(entries, "inputs", "outputs"),
        f'ABI = "{contract}"',
        f"class {what.capitalize()}Functions:",
        "    _contract: Contract",
    ]
    for entry in entries:
        yields.append(textwrap.indent(_function(entry, docs), "    "))
    return "\n".join(yields)


def _function(entry: Entry, docs: Docs) -> str:
    given = [f"{_name(i)}: {_type(i, taken=True)}" for i in entry["inputs"]]
    passed = "".join(f", {_name(i)}" for i in entry["inputs"])
    kind, wrap = _result(entry)
    text = _doc(entry, docs)
    head = f"def {_snake(entry['name'])}({', '.join(['self', *given])}) -> "
    if entry["stateMutability"] in ("view", "pure"):
        read = f'self._contract.read("{entry["name"]}"{passed})'
        body = f"return {wrap.format(read)}"
        return f"{head}{kind}:\n{_indented(text)}    {body}\n"
    body = f'return self._contract.call("{entry["name"]}"{passed})'
    return f"{head}Call[{kind}]:\n{_indented(text)}    {body}\n"


def _result(entry: Entry) -> tuple[str, str]:
    """The Python type that a function returns, and how it is made from what was decoded."""
    outputs = entry["outputs"]
    if not outputs:
        return "None", "{}"
    if len(outputs) > 1:
        name = RESULTS.get(entry["name"])
        if name is None:
            return f"tuple[{', '.join(map(_type, outputs))}]", "tuple({})"
        return name, f"record_of({name}, {{}})"
    kind = _type(outputs[0])
    if outputs[0]["type"].startswith("tuple") and not outputs[0]["type"].endswith("]"):
        return kind, f"record_of({kind}, {{}})"
    return kind, f"{kind.split('[')[0]}({{}})"


def _class(name: str, base: str, doc: Sequence[str], fields: Sequence[str]) -> str:
    lines = [*([_docstring(doc)] if doc else []), *fields] or ["pass"]
    head = f"class {name}({base}):" if base else f"class {name}:"
    return "\n".join([head, *(textwrap.indent(line, "    ") for line in lines)])


# Names and types


def _records(functions: Iterable[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    """What functions return that `suanli.protocol` has no class for, with the members."""
    for entry in functions:
        outputs = entry["outputs"]
        if len(outputs) > 1 and entry["name"] in RESULTS:
            yield RESULTS[entry["name"]], outputs
        elif len(outputs) == 1 and outputs[0]["type"] == "tuple":
            name = _solidity_name(outputs[0])
            if not _is_protocol(name):
                yield name, outputs[0]["components"]


def _imports(entries: Iterable[Entry], *sides: str, within: bool = False) -> str:
    """Of what `suanli.protocol` defines; `within`: for a module of that package."""
    used = {
        name
        for entry in entries
        for side in sides
        for item in entry.get(side, [])
        if _is_protocol(name := _solidity_name(item))
    }
    if within:
        return "\n".join(
            f"from {getattr(protocol, name).__module__} import {name}" for name in sorted(used)
        )
    return f"from suanli.protocol import {', '.join(sorted(used))}" if used else ""


def _is_protocol(name: str) -> bool:
    """Whether it is written there by hand."""
    made = getattr(protocol, name, None)
    return name in protocol.__all__ and made.__module__ != VIEWS


def _has_sums(name: str) -> bool:
    path = Path(protocol.__file__).parent / "sums.py"
    return f"class {name}" in path.read_text()


def _solidity_name(item: Entry) -> str:
    """Of a struct or an enum, else empty: "struct IRequestBook.Request[]" is Request."""
    found = re.fullmatch(
        r"(?:struct|enum) (?:\w+\.)?(\w+)[\[\]\d]*", item.get("internalType") or ""
    )
    return RENAMED.get(found.group(1), found.group(1)) if found else ""


def _type(item: Entry, taken: bool = False) -> str:
    """The Python type of what is decoded, or `taken` as an argument."""
    kind = item["type"]
    if kind.endswith("]"):
        inner = {**item, "type": kind[: kind.rindex("[")]}
        return f"Sequence[{_type(inner, taken)}]" if taken else f"tuple[{_type(inner)}, ...]"
    if kind == "tuple":
        name = _solidity_name(item)
        inner = ", ".join(_type(part, taken) for part in item["components"])
        return name if _is_protocol(name) or not taken else f"tuple[{inner}]"
    if kind.startswith(("uint", "int")):
        name = _solidity_name(item)
        return name if _is_protocol(name) else "int"
    return {"address": "str", "string": "str", "bool": "bool"}.get(kind, "bytes")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def _name(item: Entry) -> str:
    name = NAMES.get(item["name"]) or _snake(item["name"].strip("_"))
    return f"{name}_" if keyword.iskeyword(name) else name


def _attribute(item: Entry) -> str:
    """Of an error: as suanli.chain.errors.attribute has it, which can't be imported yet."""
    name = _snake(item["name"])
    return f"{name}_" if name in TAKEN or keyword.iskeyword(name) else name


def _distinct(abi: Iterable[Entry], kind: str) -> list[Entry]:
    """Sorted, each once."""
    found: dict[str, Entry] = {}
    for entry in abi:
        if entry["type"] == kind:
            other = found.setdefault(entry["name"], entry)
            if abi_to_signature(other) != abi_to_signature(entry):
                raise SystemExit(f"{kind}s of one name can't be told apart: {entry['name']}")
    return [found[name] for name in sorted(found)]


# Texts


def _doc(entry: Entry, docs: Docs) -> list[str]:
    digest = keccak(text=abi_to_signature(entry)).hex()
    text = docs.of.get(digest if entry["type"] == "event" else digest[:8], "")
    return text.splitlines()


def _docstring(lines: Sequence[str], width: int = WIDTH - 4) -> str:
    if len(lines) == 1 and len(lines[0]) + 6 <= width:
        return f'"""{lines[0]}"""'
    wrapped = [textwrap.wrap(line, width - (3 if not n else 0)) for n, line in enumerate(lines)]
    first, *rest = [line for part in wrapped for line in part]
    more = [*([""] if rest and len(wrapped[0]) == 1 else []), *rest]
    return "\n".join([f'"""{first}', *more, '"""'])


def _indented(doc: Sequence[str]) -> str:
    return textwrap.indent(_docstring(doc, WIDTH - 8), "    ") + "\n" if doc else ""


def _tidy(text: str) -> str:
    """As `ruff` wants it: unused imports gone, sorted, formatted."""
    ruff = str(Path(sys.executable).parent / "ruff")
    for command in (
        ["check", "-q", "--fix-only", "--select", "F401,I", "--stdin-filename", "suanli/x.py", "-"],
        ["format", "-q", "--stdin-filename", "suanli/x.py", "-"],
    ):
        done = subprocess.run(
            [ruff, *command], input=text, capture_output=True, text=True, check=True
        )
        text = done.stdout
    return text
