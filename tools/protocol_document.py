"""Write what docs/protocol.md and docs/schemas.json say of messages, from their schema.

python -m tools.protocol_document
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from suanli.job.manifest_json import FORM
from suanli.protocol import signed_json_schema
from suanli.protocol.messages import MESSAGES
from suanli.protocol.schema import Of, fields_of, type_hash, type_of

DOCS = Path(__file__).resolve().parents[1] / "docs"
PLACE = re.compile(r"(?<=<!-- messages -->\n).*?(?=<!-- end -->)", re.DOTALL)


def document(text: str) -> str:
    """The page with the messages as they are now."""
    return PLACE.sub(lambda _: "".join(map(_message, MESSAGES)), text, count=1)


def schemas() -> str:
    found = {kind.__name__: signed_json_schema(kind) for kind in MESSAGES}
    return json.dumps({**found, "Manifest": FORM.json_schema()}, indent=1) + "\n"


def _message(kind: type) -> str:
    rows = "".join(
        f"| `{field.name}`{' ✎' if field.of.signer else ''} | `{field.of.kind}` |"
        f" {field.of.about}{_bounds(field.of)} |\n"
        for field in fields_of(kind)
    )
    return (
        f"\n### {kind.__name__}\n\n{kind.__doc__}\n\n| field | type | |\n|---|---|---|\n{rows}\n"
        f"    {type_of(kind)}\n    typehash 0x{type_hash(kind).hex()}\n\n"
    )


def _bounds(of: Of) -> str:
    if of.kind in ("string", "bytes"):
        return f"; {of.least} to {of.most:,} bytes" if of.least != of.most else f"; {of.most} bytes"
    if of.kind == "bytes32[]":
        return f"; {of.least} to {of.most}, none zero or twice"
    if of.kind in ("address", "bytes32"):
        return "" if of.zero else "; not zero"
    if of.most is not None:
        return f"; {of.least:,} to {of.most:,}"
    return "; not zero" if of.least == 1 else f"; {of.least:,} at least" if of.least else ""


def main() -> None:
    page = DOCS / "protocol.md"
    page.write_text(document(page.read_text()))
    (DOCS / "schemas.json").write_text(schemas())


if __name__ == "__main__":
    main()
