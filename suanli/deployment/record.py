"""The record of a deployment, kept as JSON; docs/deploying.md shows it."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from suanli.base.tables import table_of
from suanli.base.validation import problems
from suanli.deployment.errors import DeploymentError
from suanli.deployment.execute import Created, DeploymentRecord
from suanli.deployment.parameters import Parameters


class _Record(BaseModel):
    """What a record says of contracts, whatever else it says."""

    contracts: dict[str, table_of(Created)]  # type: ignore[valid-type]
    expected: dict[str, str] = {}


def _record(path: Path, found: Any) -> Any:
    try:
        return _Record.model_validate(found)
    except ValidationError as error:
        raise DeploymentError(
            f"{path} is damaged: {problems(error)[0]}: restore it, or move it away to deploy anew"
        ) from None


class RecordFile:
    """`deployments/<chain id>.json`: what is done so far, and in the end all that there is."""

    def __init__(self, path: Path, parameters: Parameters, deployer: str) -> None:
        self.path = path
        self._head: dict[str, Any] = {
            "chain_id": parameters.chain_id,
            "deployer": deployer,
            "parameters": _plain(asdict(parameters)),
        }

    def load(self) -> DeploymentRecord:
        """What earlier runs did; an empty record if there were none.

        Raises:
            DeploymentError: it is complete, or was begun with other parameters or another account.
        """
        if not self.path.exists():
            return DeploymentRecord()
        found = self._read()
        for key, value in self._head.items():
            if found.get(key) != value:
                raise DeploymentError(
                    f"{self.path} was begun with {_difference(key, found.get(key), value)}: go on"
                    " with what it says, or move it away to deploy anew"
                )
        kept = _record(self.path, found)
        created = {name: Created(**dict(item)) for name, item in kept.contracts.items()}
        return DeploymentRecord(created, dict(kept.expected))

    def address_of(self, contract: str) -> str:
        """Where the deployment put a contract.

        Raises:
            DeploymentError: the file does not say.
        """
        found = _record(self.path, self._read()).contracts if self.path.exists() else {}
        if contract not in found:
            raise DeploymentError(f"{self.path} does not say where {contract} is: deploy first")
        return str(found[contract].address)

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self.path.read_text())
        except (OSError, ValueError) as error:
            raise DeploymentError(f"{self.path} can't be read: {error}") from None
        return found if isinstance(found, dict) else {}

    def save(self, record: DeploymentRecord, **more: Any) -> None:
        """Write all at once, so that no crash leaves half a file."""
        contracts = {name: asdict(item) for name, item in record.created.items()}
        content = {**self._head, **more, "contracts": contracts}
        if record.expected:
            content["expected"] = record.expected
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".json.new")
        draft.write_text(json.dumps(content, indent=2) + "\n")
        os.replace(draft, self.path)


def _plain(value: Any) -> Any:
    """As JSON gives it back; prices as text, for JavaScript's numbers end at 2^53."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**53:
        return str(value)
    return value


def _difference(key: str, found: Any, wanted: Any) -> str:
    """The first thing that differs, named."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        for name in wanted:
            if found.get(name) != wanted[name]:
                return _difference(f"{key}.{name}", found.get(name), wanted[name])
    return f"{key} = {found}, not {wanted}"
