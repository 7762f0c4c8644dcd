"""Settings: from a flag, else the environment, else a TOML file.

The file is the one named by `SUANLI_CONFIG`, or `~/.suanli/config.toml` if it exists:

    rpc = "http://127.0.0.1:8545"   # SUANLI_RPC: the chain's node, or a list of several
    market = "0x…"                  # SUANLI_MARKET: the market's address
    account = "alice"               # SUANLI_ACCOUNT: name or address in the keystore
    accounts = "~/.suanli/accounts" # SUANLI_ACCOUNTS: the keystore's directory
    state = "~/.local/state/suanli" # SUANLI_STATE: folder of jobs
    sent = "~/.local/state/suanli/sent" # SUANLI_SENT: what accounts sent, shared by all processes
    terms = "3"                     # SUANLI_TERMS: the only terms to sign
    max_fee = "1.5"                 # SUANLI_MAX_FEE: the most percent of fee to sign
    court = "none"                  # SUANLI_COURT: the only court to sign, or "none": none needed

Keys and passphrases are never settings: see `suanli.base.accounts`.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from suanli.base.errors import SuanliError

DEFAULT_FILE = Path("~/.suanli/config.toml")


class ConfigError(SuanliError):
    """A configuration file that can't be read, or a setting that is missing."""


def setting(name: str, given: str | None = None, default: str | None = None) -> str | None:
    """A setting: `given` (a flag), else SUANLI_<NAME>, else the file's `name`, else `default`.

    Raises:
        ConfigError: the file can't be read, or holds something else than text there.
    """
    if given is not None:
        return given
    if (value := os.environ.get(f"SUANLI_{name.upper()}")) is not None:
        return value
    written = _file().get(name, default)
    if name == "rpc" and isinstance(written, list) and all(isinstance(u, str) for u in written):
        return ",".join(written)
    if written is not None and not isinstance(written, str):
        raise ConfigError(f"{name} in the configuration file must be text, in quotes")
    return written


def required(name: str, given: str | None = None) -> str:
    """A setting that must not be missing."""
    value = setting(name, given)
    if value is None:
        raise ConfigError(
            f"{name} is not set: give --{name}, set SUANLI_{name.upper()}, or write it into"
            f" {DEFAULT_FILE}"
        )
    return value


def user_state() -> Path:
    """This user's place for what lasts, whatever folder a command runs in ($XDG_STATE_HOME)."""
    return Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "suanli"


def _file() -> dict[str, Any]:
    named = os.environ.get("SUANLI_CONFIG")
    path = Path(named or DEFAULT_FILE).expanduser()
    if not named and not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"can't read the configuration file {path}: {error}") from None
