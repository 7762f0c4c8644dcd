"""What would be shown to a court: kept as JSON in the job's folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from suanli.protocol import Claim, Leaf, Request, Signed, Tree, to_json
from suanli.verify.errors import ResultRefused


def write_evidence(
    path: Path,
    signed: Signed[Request],
    claim: Claim | None,
    refused: ResultRefused,
    task: int | None,
    leaves: Sequence[Leaf] = (),
    right: Mapping[int, Leaf] | None = None,
) -> None:
    """Write request, claim, what is wrong, and for each task that was run again the leaf claimed,
    its path to the root, and the leaf found. `task`: the job's number of the one refused for."""
    path.parent.mkdir(exist_ok=True)
    content: dict[str, Any] = {
        "challenge": refused.kind,
        "why": refused.why,
        "request": to_json(signed.message),
        "signature": "0x" + signed.signature.hex(),
        "result": _claim(claim),
        "task": task,
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
