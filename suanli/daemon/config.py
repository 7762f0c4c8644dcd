"""What the TOML files of all daemons have alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BeforeValidator

from suanli.base.config import ConfigError
from suanli.base.fields import AccountAddress, FilePath, Text, Tokens, folder, nodes, number
from suanli.base.toml_file import TomlFile, TomlMistakes

C = TypeVar("C")


@dataclass(frozen=True, kw_only=True)
class DaemonConfig:
    """As in the file, but for the paths, which are resolved. What a field's annotation holds is
    for the file. Times in seconds, sizes in bytes."""

    path: Path
    rpc: Annotated[str, BeforeValidator(nodes)]
    market: AccountAddress
    chain_id: Annotated[int, number(1)]
    account: Text = ""
    data: Annotated[Path, BeforeValidator(folder)]
    workers: Annotated[int, number(1, 4096)] = 1
    poll: Annotated[float, number(0.05, whole=False)] = 1.0
    collect_at: Tokens = field(default=Decimal(10))
    max_fee_gwei: Annotated[int, number(1)] = 100
    max_input_bytes: Annotated[int, number(0)] = 4 << 30
    max_bytes: Annotated[int, number(1)]
    cache: FilePath = ""

    @property
    def modules(self) -> Path | None:
        """Where compiled programs are kept, if not where all of this user's are."""
        return Path(self.cache).expanduser() if self.cache else None


def read_file(path: Path, role: str, read: Callable[[Path, TomlFile], C]) -> C:
    """Raises ConfigError with what is wrong and what to do. `role`: whose commands make it."""
    try:
        return read(path, TomlFile(path))
    except FileNotFoundError:
        raise ConfigError(f"there is no {path}: make it with `suanli {role} init`") from None
    except TomlMistakes as error:
        raise ConfigError(str(error)) from None
