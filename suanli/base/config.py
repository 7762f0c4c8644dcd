"""Settings: from a flag, else the environment, else a TOML file.

The file is the one named by `SUANLI_CONFIG`, or `~/.suanli/config.toml` if it exists:

    rpc = "http://127.0.0.1:8545"   # SUANLI_RPC: the chain's node, or a list of several
    market = "0x…"                  # SUANLI_MARKET: the market's address
    chain_id = 8453                 # SUANLI_CHAIN_ID: the only chain to work on
    governor = "0x…"                # SUANLI_GOVERNOR: the only governor to vote by
    relay = "http://127.0.0.1:8646" # SUANLI_RELAY: the relay, or a list of several
    store = "/mnt/shared"           # SUANLI_STORE: a folder, where there is no relay, or ipfs:…
    account = "alice"               # SUANLI_ACCOUNT: name or address in the keystore
    accounts = "~/.suanli/accounts" # SUANLI_ACCOUNTS: the keystore's directory
    clef = "~/.clef/clef.ipc"       # SUANLI_CLEF: where Clef listens, for accounts clef:0x…
    state = "~/.local/state/suanli" # SUANLI_STATE: folder of jobs
    sent = "~/.local/state/suanli/sent" # SUANLI_SENT: what accounts sent, shared by all processes
    wallet = "0x…"                  # SUANLI_WALLET: the contract account that pays
    max_fee_gwei = "100"            # SUANLI_MAX_FEE_GWEI: the most that gas may cost
    terms = "3"                     # SUANLI_TERMS: the only terms to sign
    max_fee = "1.5"                 # SUANLI_MAX_FEE: the most percent of fee to sign
    min_window = "3600"             # SUANLI_MIN_WINDOW: least seconds to challenge a result
    court = "none"                  # SUANLI_COURT: the only court to sign, or "none": none needed
    channels = "0x…"                # SUANLI_CHANNELS: the market's payment channels
    storage = "0x…"                 # SUANLI_STORAGE: the market's storage deals
    internal = "yes"                # SUANLI_INTERNAL: miners may name addresses of this network

Keys and passphrases are never settings: see `suanli.base.accounts`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from suanli.base.errors import SuanliError
from suanli.base.toml_file import TomlFile, TomlMistakes

DEFAULT_FILE = Path("~/.suanli/config.toml")


class ConfigError(SuanliError):
    """A configuration file that can't be read, or a setting that is missing."""


@dataclass(frozen=True)
class UserSettings:
    """All that the file may hold, as text; `rpc` and `relay` may be lists, `chain_id` a number."""

    rpc: str | None = None
    market: str | None = None
    chain_id: str | None = None
    governor: str | None = None
    relay: str | None = None
    store: str | None = None
    account: str | None = None
    accounts: str | None = None
    clef: str | None = None
    wallet: str | None = None
    state: str | None = None
    sent: str | None = None
    terms: str | None = None
    max_fee: str | None = None
    max_fee_gwei: str | None = None
    min_window: str | None = None
    court: str | None = None
    channels: str | None = None
    storage: str | None = None
    internal: str | None = None


def setting(name: str, given: str | None = None, default: str | None = None) -> str | None:
    """A setting: `given` (a flag), else SUANLI_<NAME>, else the file's `name`, else `default`.

    Raises:
        ConfigError: the file can't be read, or something in it is wrong; with line and column.
    """
    if given is not None:
        return given
    if (value := os.environ.get(f"SUANLI_{name.upper()}")) is not None:
        return value
    written: str | None = getattr(_file(), name)
    return default if written is None else written


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


def _file() -> UserSettings:
    named = os.environ.get("SUANLI_CONFIG")
    path = Path(named or DEFAULT_FILE).expanduser()
    if not named and not path.is_file():
        return UserSettings()
    try:
        file = TomlFile(path)
        found: Any = file.read(_table(), file.data)
        file.finish()
    except FileNotFoundError:
        raise ConfigError(f"there is no configuration file {path}: see SUANLI_CONFIG") from None
    except TomlMistakes as error:
        raise ConfigError(str(error)) from None
    return UserSettings(**dict(found))


@cache
def _table() -> type[Any]:
    from pydantic import BeforeValidator

    from suanli.base.tables import table_of

    text = Annotated[str, BeforeValidator(_text)]
    names = [item.name for item in fields(UserSettings)]
    others = {
        "rpc": Annotated[str | None, BeforeValidator(_listed)],
        "relay": Annotated[str | None, BeforeValidator(_listed)],
        "chain_id": Annotated[str | None, BeforeValidator(_number)],
    }
    return table_of(UserSettings, dict.fromkeys(names, text | None) | others)


def _listed(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(url, str) for url in value):
        return ",".join(value)
    return _text(value)


def _number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("must be a whole number")
    return str(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text, in quotes")
    return value
