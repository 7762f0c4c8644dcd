"""What would be shown to a court: kept as JSON in the job's folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from suanli.client.errors import ResultRefused
from suanli.client.ledger import Part
from suanli.client.verification import Claim
from suanli.protocol import Leaf, Tree, to_json


def write(
    folder: Path,
    part: Part,
    claim: Claim | None,
    refused: ResultRefused,
    leaves: Sequence[Leaf] = (),
    right: Mapping[int, Leaf] | None = None,
) -> Path:
    """Write `part-<number>.json`: request, claim, what is wrong, and for each task that was run
    again the leaf claimed, its path to the root, and the leaf found."""
    folder.mkdir(exist_ok=True)
    path = folder / f"part-{part.number}.json"
    content: dict[str, Any] = {
        "challenge": refused.kind,
        "why": refused.why,
        "request": to_json(part.request),
        "signature": "0x" + part.signature.hex(),
        "result": _claim(claim),
        "task": None if refused.task is None else part.tasks[refused.task],
        "leaves": [_leaf(leaf) for leaf in leaves],
    }
    if right:
        tree = Tree(leaves)
        content["opened"] = [
            {
                "claimed": _leaf(leaves[index]),
                "found": _leaf(leaf),
                "path": [["0x" + side.hex(), total] for side, total in tree.path(index)],
            }
            for index, leaf in right.items()
        ]
    path.write_text(json.dumps(content, indent=2) + "\n")
    return path


def _claim(claim: Claim | None) -> dict[str, Any] | None:
    if claim is None:
        return None
    return {
        "root": "0x" + claim.root.hex(),
        "unitsUsed": str(claim.units_used),
        "leaves": "0x" + claim.leaves.hex(),
    }


def _leaf(leaf: Leaf) -> str:
    return "0x" + leaf.encode().hex()
