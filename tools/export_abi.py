"""Ship the contracts in the package: write suanli/chain/generated/ from Brownie's build.

`make abi` compiles and writes; `make abi-check` fails if what is shipped differs from the build.
Of each contract that Python deploys or calls, ABI and creation code are kept; of the market and its
court, events, records and functions as typed Python (`typed_python`); and all their errors.
"""

import json
import sys
from pathlib import Path
from typing import Any

import typed_python
from build_docs import Docs

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
SHIPPED = ROOT / "suanli" / "chain" / "generated"
VIEWS = ROOT / "suanli" / "protocol" / "views.py"
"""Apart from the others, since what needs no chain reads them, too."""
ADVICE = ROOT / "suanli" / "chain" / "advice.toml"
TYPED = {
    "market": "ComputeMarket",
    "court": "Court",
    "channels": "PaymentChannels",
    "storage": "StorageDeals",
}
"""Contracts whose ABI the typed layer is made from."""
NAMES = (
    "AdaptivePriceModel",
    "BatchRead",
    "ComputeMarket",
    "Court",
    "CourtExtension",
    "FixedToken",
    "IERC20Metadata",
    "IERC20Permit",
    "IERC5267",
    "IFaucet",
    "IIdentityVerifier",
    "IdentityRegistry",
    "LinearPriceModel",
    "LocalToken",
    "MarketExtension",
    "MarketGovernor",
    "MarketTimelock",
    "MarketToken",
    "MockCourt",
    "PaymentChannels",
    "RewardPool",
    "StorageDeals",
)


def built(name: str) -> dict[str, Any]:
    for folder in ("contracts", "interfaces"):
        path = BUILD / folder / f"{name}.json"
        if path.is_file():
            found = dict(json.loads(path.read_text()))
            return found | {"abi": whole_abi(name, found["abi"])}
    raise SystemExit(f"{name} is not compiled: run `make abi`")


def whole_abi(name: str, abi: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With what the contract hands on to another, if it has an interface of all that it answers."""
    whole = BUILD / "interfaces" / f"I{name}.json"
    if not any(entry["type"] == "fallback" for entry in abi) or not whole.is_file():
        return abi
    own = [entry for entry in abi if entry["type"] == "constructor"]
    return own + list(json.loads(whole.read_text())["abi"])


def shipped_json(abi: list[Any], bytecode: str) -> str:
    """The shipped file's text: one line for each part, so that changes can be read."""
    kept = map(without_internal_types, abi)
    lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in kept)
    return f'{{"abi":[\n{lines}\n],\n"bytecode":"0x{bytecode}"}}\n'


def entry_order(entry: dict[str, Any]) -> tuple[str, str]:
    return entry["type"], entry.get("name", "")


def without_internal_types(value: Any) -> Any:
    """The ABI without Solidity's own names of types: nothing that is shipped reads them."""
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if key != "internalType"}
        return {key: without_internal_types(kept[key]) for key in sorted(kept)}
    return [without_internal_types(item) for item in value] if isinstance(value, list) else value


def generated() -> dict[Path, str]:
    """The text of each shipped file."""
    abis, texts = {}, {}
    for name in NAMES:
        contract = built(name)
        abis[name] = sorted(contract["abi"], key=entry_order)
        texts[f"{name}.json"] = shipped_json(abis[name], contract.get("bytecode", ""))
    everything = [entry for abi in abis.values() for entry in abi]
    typed = {what: (name, abis[name]) for what, name in TYPED.items()}
    texts |= typed_python.modules(typed, everything, Docs(BUILD))
    return {VIEWS: texts.pop("views.py")} | {SHIPPED / name: text for name, text in texts.items()}


def main(check: bool) -> None:
    wanted = generated()
    present = {path: path.read_text() for path in (VIEWS, *SHIPPED.glob("*.*")) if path.is_file()}
    if check:
        stale = [path for path in wanted.keys() | present if wanted.get(path) != present.get(path)]
        if stale:
            names = ", ".join(sorted(str(path.relative_to(ROOT)) for path in stale))
            raise SystemExit(f"not as built: {names}; run `make abi`")
        return
    for path in present.keys() - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text)
    if missing := typed_python.without_advice(wanted[SHIPPED / "errors.py"], ADVICE):
        print(f"say in {ADVICE.relative_to(ROOT)} what to do about: {', '.join(missing)}")


if __name__ == "__main__":
    main(check="--check" in sys.argv[1:])
