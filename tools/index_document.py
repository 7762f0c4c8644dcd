"""Write docs/index-api.json, the OpenAPI document of the index.

python -m tools.index_document
"""

from __future__ import annotations

import json
from pathlib import Path

from suanli.relay.server.index import document

FILE = Path(__file__).resolve().parents[1] / "docs" / "index-api.json"


def text() -> str:
    found = document()
    return json.dumps(found, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
