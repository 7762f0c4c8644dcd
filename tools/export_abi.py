"""Ship the contracts in the package: write suanli/chain/artifacts/ from Brownie's build.

`make abi` compiles and writes; `make abi-check` fails if what is shipped differs from the build.
Only ABI and creation code are kept, one file for each contract that Python deploys or calls.
"""

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "contracts"
SHIPPED = ROOT / "suanli" / "chain" / "artifacts"
NAMES = (
    "BatchRead",
    "ComputeMarket",
    "IERC20Metadata",
    "LinearPriceModel",
    "LocalToken",
    "MockCourt",
    "MockIdentityVerifier",
)


def exported(name: str) -> str:
    """The shipped file's text: one line for each part, so that changes can be read."""
    path = BUILD / f"{name}.json"
    if not path.is_file():
        raise SystemExit(f"{name} is not compiled: run `make abi`")
    built = json.loads(path.read_text())
    abi = sorted(map(without_internal_types, built["abi"]), key=entry_order)
    lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in abi)
    return f'{{"abi":[\n{lines}\n],\n"bytecode":"0x{built["bytecode"]}"}}\n'


def entry_order(entry: dict[str, Any]) -> tuple[str, str]:
    return entry["type"], entry.get("name", "")


def without_internal_types(value: Any) -> Any:
    """The ABI without Solidity's own names of types: nothing here reads them."""
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if key != "internalType"}
        return {key: without_internal_types(kept[key]) for key in sorted(kept)}
    return [without_internal_types(item) for item in value] if isinstance(value, list) else value


def main(check: bool) -> None:
    wanted = {SHIPPED / f"{name}.json": exported(name) for name in NAMES}
    present = {path: path.read_text() for path in SHIPPED.glob("*.json")}
    if check:
        stale = sorted(p.name for p in wanted.keys() | present if wanted.get(p) != present.get(p))
        if stale:
            raise SystemExit(f"not as built: {', '.join(stale)} in {SHIPPED.name}/; run `make abi`")
        return
    for path in present.keys() - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text)


if __name__ == "__main__":
    main(check="--check" in sys.argv[1:])
