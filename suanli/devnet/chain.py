"""The devnet's chain: Anvil, whose state stays in the folder."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from pathlib import Path

from suanli.devnet.likeness import LocalChain
from suanli.devnet.processes import DevnetError

MNEMONIC = "test test test test test test test test test test test junk"


def anvil() -> str:
    """The chain's program: on the path, or as `make setup` installs it.

    Raises DevnetError where it is neither.
    """
    here = Path(__file__).parents[2] / "node_modules" / ".bin"
    found = shutil.which("anvil") or shutil.which("anvil", path=str(here))
    if found is None:
        raise DevnetError(
            "anvil is missing: install Foundry (getfoundry.sh), or in a checkout run `make setup`"
        )
    return found


def command(folder: Path, port: int, likeness: LocalChain) -> list[str]:
    """That goes on where the chain in the folder was.

    Raises DevnetError if that is damaged, or there is no Anvil.
    """
    state = folder / "chain.json"
    _require_whole(state)
    made = [anvil(), "--port", str(port), "--mnemonic", MNEMONIC]
    made += ["--chain-id", str(likeness.chain_id), *likeness.options()]
    # Silent: it would write a line for each question, for ever.
    made += ["--state", str(state), "--state-interval", "10", "--silent"]
    return [*made, "--cache-path", str(states_of(folder))]


def states_of(folder: Path) -> Path:
    """Where it keeps states of old blocks while it runs."""
    return folder / "chain-states"


def _require_whole(state: Path) -> None:
    """A chain killed while it wrote its state would not start again."""
    with suppress(FileNotFoundError):
        try:
            json.loads(state.read_bytes())
        except ValueError:
            raise DevnetError(
                f"{state} is damaged, as when the chain was killed while writing it: remove"
                f" {state.parent} to begin anew"
            ) from None
