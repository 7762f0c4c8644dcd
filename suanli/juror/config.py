"""The juror's TOML file: how many seats, and how it reaches chain, relays and stores."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator

from suanli.base.fields import AccountAddress, folder, number, path_text, urls
from suanli.base.tables import table_of
from suanli.base.toml_file import TomlFile
from suanli.daemon import DaemonConfig, read_file
from suanli.store.ipfs import BadPlace, is_ipfs, parse

_ADD = "add it, or run `suanli juror init`"


def _several(kind: Any) -> BeforeValidator:
    def checked(values: Any) -> tuple[str, ...]:
        if not isinstance(values, list):
            raise ValueError("must be a list of texts")
        return tuple(kind(value) for value in values)

    return BeforeValidator(checked)


@dataclass(frozen=True, kw_only=True)
class JurorConfig(DaemonConfig):
    """docs/judging.md explains each."""

    court: AccountAddress
    seats: Annotated[int, number(1, 1_000)] = 1
    relays: Annotated[tuple[str, ...], BeforeValidator(urls)] = ()
    stores: Annotated[tuple[str, ...], _several(path_text)] = ()
    data: Annotated[Path, BeforeValidator(folder)] = Path("juror-data")
    reserve: Annotated[int, number(0, 86_400)] = 600
    patience: Annotated[int, number(0, 86_400)] = 60
    max_vote_fee_gwei: Annotated[int, number(0)] = 0
    max_bytes: Annotated[int, number(1)] = 8 << 30

    @property
    def folders(self) -> tuple[str, ...]:
        """Stores that are folders; the others are on IPFS."""
        return tuple(one for one in self.stores if not is_ipfs(one))

    @property
    def most_vote_fee(self) -> int:
        """Gwei per gas that a vote may cost."""
        return max(self.max_fee_gwei, self.max_vote_fee_gwei or 5 * self.max_fee_gwei)


def read(path: Path) -> JurorConfig:
    """Raises ConfigError with what is wrong and what to do."""
    return read_file(path, "juror", _read)


def _read(path: Path, file: TomlFile) -> JurorConfig:
    found: Any = file.read(table_of(JurorConfig, without=("path",), advice=_ADD), dict(file.data))
    if found and not found.relays and not found.stores:
        file.problem(("relays",), "name where data is: relays = […], or stores = […]")
    _require_places(file, found)
    file.finish()
    values = {name: getattr(found, name) for name in found.model_fields_set}
    here = path.absolute().parent
    values["data"] = here / found.data.expanduser()
    values["stores"] = tuple(
        one if is_ipfs(one) else str(here / Path(one).expanduser()) for one in found.stores
    )
    return JurorConfig(path=path.absolute(), **values)


def _require_places(file: TomlFile, found: Any) -> None:
    for place, where in enumerate(found.stores if found else ()):
        if is_ipfs(where):
            try:
                parse(where)
            except BadPlace as error:
                file.problem(("stores", place), str(error))
            if not found.relays:
                file.problem(
                    ("stores", place), "on IPFS takes a relay, too, which tells blobs' roots"
                )
