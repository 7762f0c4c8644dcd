"""Who on this machine may still need the runtimes of packages: each says so once, by its folder.

What it needs is asked of that folder, by whoever knows its kind, when a package is to go."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from suanli.engine.host.packages import packages_folder

_FOLDER = "holders"


@dataclass(frozen=True)
class RuntimeHolder:
    """`role`: what works in the folder `data`."""

    role: str
    data: str

    def register(self, root: Path | None = None) -> None:
        """Raises OSError."""
        folder = (root or packages_folder()) / _FOLDER
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = hashlib.sha256(f"{self.role} {self.data}".encode()).hexdigest()[:16]
        draft = folder / f".{name}"
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(folder / f"{name}.json")


def holders(root: Path | None = None) -> list[RuntimeHolder]:
    """Those whose folders are still there."""
    found = []
    for path in sorted(((root or packages_folder()) / _FOLDER).glob("*.json")):
        try:
            holder = RuntimeHolder(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            continue
        if Path(holder.data).is_dir():
            found.append(holder)
    return found
