"""A notebook, run without anybody watching, here and on a market; what it shows is looked at."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from suanli.devnet import Devnet, DevnetSale

pytestmark = pytest.mark.deep
ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "examples" / "python-pi" / "pi.ipynb"
JUPYTER = ROOT / ".venv-notebook" / "bin" / "jupyter"
PI = 3.1419625
"""Of these seeds, wherever they are counted."""


def shown(text: str, folder: Path, **environment: str) -> list[dict[str, Any]]:
    """What the notebook's cells put out."""
    if not JUPYTER.exists():
        pytest.skip("make .venv-notebook/.installed makes what runs it")
    path = folder / "pi.ipynb"
    path.write_text(text)
    command = [JUPYTER, "execute", "--inplace", path]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    cells = json.loads(path.read_text())["cells"]
    return [output for cell in cells for output in cell.get("outputs", ())]


def line_of(outputs: list[dict[str, Any]]) -> list[str]:
    """What the line said, from first to last; nothing else is shown but the result."""
    *lines, result = outputs
    assert result["data"]["text/plain"] == [str(PI)]
    assert {output["name"] for output in lines} == {"stderr"}
    text = "".join(part for output in lines for part in output["text"])
    assert text.endswith("\n")
    return [one.rstrip() for one in text.split("\r") if one.strip()]


def test_here(tmp_path: Path) -> None:
    lines = line_of(shown(NOTEBOOK.read_text(), tmp_path, XDG_CACHE_HOME=str(tmp_path)))
    assert "the Python is compiled first, once: 13 MB" in lines[0]
    assert re.fullmatch("[█░]{20} [0-9]+ of 16 calls, [0-9]+ s", lines[-2])
    assert re.fullmatch("16 calls, [0-9]+ s: 2 at a time, on this machine", lines[-1])


def test_on_a_market(tmp_path: Path) -> None:
    here, there = "suanli.local_executor(2)", 'suanli.connect().executor(budget=\\"20000\\")'
    text = NOTEBOOK.read_text()
    assert text.count(here) == 2, "in the text, too"
    with Devnet(tmp_path / "net", 2, DevnetSale(speed=2_000)) as net:
        lines = line_of(shown(text.replace(here, there), tmp_path, **net.environment))
    cost = r"[0-9]+ tasks by [12] miners?, [0-9,]+ units cost [0-9,.]+ SLT of 20,000 SLT"
    assert re.fullmatch(f"16 calls, [0-9]+ s: {cost}", lines[-1])
    assert any("miners are at work, " in line for line in lines)
