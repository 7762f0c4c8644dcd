"""Names of ours that docstrings mention, and that are not there."""

from __future__ import annotations

import builtins
import importlib.util
import re
from functools import cache
from pathlib import Path

MENTION = re.compile(r"<code>([A-Za-z_][\w.]*)(?:\(\))?</code>")
"""What pdoc finds it makes a link of: these it did not find."""
DEFINED = re.compile(
    r"^class (\w+)|^    (?:async )?def (\w+)[\[(]|^    (\w+)(?:: \w| = )|^[@\w]", re.MULTILINE
)
"""By line, for parsing takes seconds: a class, a method, a field, and what ends a class."""
CLASS = re.compile(r"[A-Z][a-z]+\w*")
THEIRS = {"Web3", "block.number", "concurrent.futures.Executor", "package.json"}


def broken_names(pages: Path, root: Path) -> list[str]:
    """Each with the page that mentions it. A class, a member of one, or a dotted name is meant to
    be found; a single word in lower case may be an argument, or anything."""
    known = defined(root / "suanli") | set(dir(builtins)) | THEIRS
    for folder in ("contracts", "interfaces"):
        known |= {path.stem for path in (root / folder).rglob("*.sol")}
    found: dict[str, Path] = {}
    for page in sorted(pages.rglob("*.html")):
        text = page.read_text()
        for name in MENTION.findall(text):
            if CLASS.match(name) or "." in name:
                found.setdefault(name, page.relative_to(pages))
        for document in re.findall(r"\bdocs/[\w-]+\.md\b", text):
            if not (root / document).exists():
                found.setdefault(document, page.relative_to(pages))
    return [
        f"{page} names `{name}`, which is not there"
        for name, page in found.items()
        if name not in known and not is_module(name)
    ]


def is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False


@cache
def defined(package: Path) -> frozenset[str]:
    """Classes and what they define (`Class.member`), wherever, private modules included."""
    names = set()
    for path in package.rglob("*.py"):
        inside = ""
        for name, method, field in DEFINED.findall(path.read_text()):
            if not method and not field:
                inside = name
            if inside:
                names.add(name or f"{inside}.{method or field}")
    return frozenset(names)
