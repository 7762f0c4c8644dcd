"""The package as others find it: its page, and its command in their shell."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import sys
import time
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
SHELLS = {
    "bash": ("bash", "--norc", "-i"),
    "zsh": ("zsh", "-f", "-i"),
    "fish": ("fish", "--no-config", "-i"),
}
FIRST = {"zsh": "autoload -Uz compinit && compinit -u; "}
"""What a user's own settings do."""


def test_its_page_leads_nowhere_that_is_only_in_a_checkout() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    page = (ROOT / project["readme"]).read_text()
    targets = re.findall(r"\]\(([^)]*)\)", page)
    assert [target for target in targets if not target.startswith("https://")] == []
    assert all((ROOT / path).exists() for path in re.findall(r"`((?:docs|ops)/[^`]*)`", page))


def typed(shell: str, lines: list[tuple[str, str]]) -> str:
    """All that a terminal shows: each text is typed once the former one's answer is there."""
    pid, terminal = pty.fork()
    if not pid:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        os.execvpe(SHELLS[shell][0], SHELLS[shell], os.environ | {"PATH": path, "TERM": "dumb"})
    shown, ends = "", time.monotonic() + 60
    try:
        for text, answer in lines:
            os.write(terminal, text.encode())
            since = len(shown)
            while answer not in shown[since:]:
                assert time.monotonic() < ends, shown
                if select.select([terminal], [], [], 1)[0]:
                    shown += os.read(terminal, 1 << 16).decode(errors="replace")
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)
    return shown


@pytest.mark.parametrize("shell", SHELLS)
def test_tab_completes_commands_as_the_readme_says(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (line,) = re.findall(r"`(eval \"\$\(_SUANLI_COMPLETE=bash_source suanli\)\")`", README)
    assert f"{shell}_source" in README
    line = FIRST.get(shell, "") + line.replace("bash_source", f"{shell}_source")
    # Quoted, so that the echo of what is typed is not taken for the answer.
    begin = (f"cd {tmp_path}; {line}; echo rea''dy\n", "ready")
    typed(shell, [begin, ("suanli miner ea\t", "earnings"), (" --help\n", "Usage: suanli miner")])
