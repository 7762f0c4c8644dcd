"""Whole-transaction gas of every flow and call, and the size of every contract.

    python -m benchmarks.gas           print the figures and write gas-snapshot.json
    python -m benchmarks.gas --check   fail if a figure drifted from gas-snapshot.json by over 0.5 %

Steady state: a second deal of the same parties is open, so only a deal's own slots are new
(`benchmarks/stage.py`). Each figure is gasUsed of the receipt, on Anvil with shanghai's rules.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from benchmarks import channels, court, governance, rewards, storage
from benchmarks.anvil import BUILD, anvil
from benchmarks.stage import (
    ASK,
    BID,
    CPU,
    FOREVER,
    LEASED,
    OPTIONS,
    ROOT,
    START,
    UNITS,
    Stage,
    sign,
)
from suanli.deployment import TOKEN
from suanli.protocol import Release, Request

SNAPSHOT = Path(__file__).with_name("gas-snapshot.json")
CROWDS = (10, 10_000)
DRIFT = 0.005
TARGETS = {
    "signed-cooperative": 160_000,
    "posted-optimistic": 250_000,
    "together-10-each": 100_000,
    "further-task": 0,
    "challenge-to-verdict": 900_000,
    "channel-steps": 200_000,
    "storage-proof": 120_000,
}
MOST = TARGETS | {
    "signed-cooperative": 168_000,
    "posted-optimistic": 261_000,
    "challenge-to-verdict": 1_100_000,
}
"""What holds. Three targets are not reached, for the reasons in docs/gas.md."""
SIZE_TARGET = 24_000
PEERS = (
    ("signed-cooperative", "Boundless, lock with signature + fulfil", 276_154),
    ("signed-cooperative", "iExec Boost, one task", 482_145),
    ("posted-optimistic", "iExec classic, one worker, one task", 1_463_226),
    ("posted-optimistic", "Lilypad, one job", 1_683_779),
    ("together-10-each", "Boundless, lock + fulfilment in a batch", 207_000),
    ("further-task", "iExec Boost", 124_707),
    ("further-task", "iExec classic, one worker", 926_493),
)
WINDOW = 86_400
Figures = dict[str, int]


def confirmed(stage: Stage, **changes: Any) -> Request:
    request = stage.request(**changes)
    stage.gas(stage.miner, "confirmRequest", request, stage.sign(request))
    return request


def confirm_verified(stage: Stage) -> int:
    """For verified miners only; one attestor, who attests this one."""
    stage.attest()
    request = stage.request(flags=1)
    return stage.gas(stage.miner, "confirmRequest", request, stage.sign(request))


def revoke_miner(stage: Stage) -> int:
    stage.attest()
    of = stage.requester, stage.number, 0
    return stage.gas(stage.requester, "revokeMiner", *of, target="IdentityRegistry")


def submitted(stage: Stage) -> Request:
    request = confirmed(stage)
    stage.gas(stage.miner, "submitResult", request, ROOT, request.units)
    return request


def posted(stage: Stage, **changes: Any) -> Request:
    request = stage.request(**changes)
    stage.gas(stage.requester, "postRequest", request)
    return request


def signed_cooperative(stage: Stage, tasks: int = 4) -> int:
    """confirmRequest with the requester's signature, submitAccepted."""
    request = stage.request(tasks=tasks)
    confirming = stage.gas(stage.miner, "confirmRequest", request, stage.sign(request))
    return confirming + submit_accepted(stage, request)


def submit_accepted(stage: Stage, request: Request) -> int:
    signature = stage.accept(request)
    return stage.gas(stage.miner, "submitAccepted", request, ROOT, request.units, signature)


def together(stage: Stage) -> int:
    """Ten deals of one miner: all confirmed at once, all settled at once; for each, everything."""
    requests = [stage.request() for _ in range(10)]
    confirming = [("confirmRequest", request, stage.sign(request)) for request in requests]
    gas = all_at_once(stage, confirming)
    results = [(ROOT, request.units, stage.accept(request)) for request in requests]
    pairs = zip(requests, results, strict=True)
    gas += all_at_once(stage, [("submitAccepted", request, *result) for request, result in pairs])
    return gas // len(requests)


def all_at_once(stage: Stage, calls: list[tuple[Any, ...]]) -> int:
    encoded = [bytes.fromhex(stage.data(*call)["data"][2:]) for call in calls]
    return stage.gas(stage.miner, "multicallSkip", encoded)


def posted_optimistic(stage: Stage) -> int:
    """postRequest, confirmRequest, submitResult, settle after the window."""
    request = stage.request()
    gas = stage.gas(stage.requester, "postRequest", request)
    gas += stage.gas(stage.miner, "confirmRequest", request, b"")
    gas += stage.gas(stage.miner, "submitResult", request, ROOT, request.units)
    stage.advance(WINDOW + 1)
    return gas + stage.gas(stage.bystander, "settle", request)


def further_task(stage: Stage) -> int:
    """What a deal of 1,001 tasks costs more than one of 1 task, for each of the 1,000."""
    with stage.rollback():
        many = signed_cooperative(stage, tasks=1_001)
    return round((many - signed_cooperative(stage, tasks=1)) / 1_000)


def deposit_with_permit(stage: Stage) -> int:
    token, market = stage.addresses["Token"], stage.addresses["ComputeMarket"]
    domain = {
        "name": "Suanli local token",
        "version": "1",
        "chainId": stage.domain.chain_id,
        "verifyingContract": token,
    }
    names = ("owner", "spender", "value", "nonce", "deadline")
    fields = [{"name": name, "type": "uint256"} for name in names]
    fields[0]["type"] = fields[1]["type"] = "address"
    values = dict(zip(names, (stage.requester, market, TOKEN, 0, FOREVER), strict=True))
    permit = encode_typed_data(domain, {"Permit": fields}, values)
    signature = sign(keccak(b"\x19" + permit.version + permit.header + permit.body))
    r, s, v = signature[:32], signature[32:64], signature[64]
    return stage.gas(stage.requester, "depositWithPermit", TOKEN, FOREVER, v, r, s)


def succeed(stage: Stage) -> int:
    stage.gas(stage.payout, "nameSuccessor", stage.miner, stage.bystander)
    return stage.gas(stage.bystander, "succeed", stage.miner)


def withdraw_stake(stage: Stage) -> int:
    stage.gas(stage.miner, "startUnbonding", stage.miner, TOKEN)
    stage.advance(7 * WINDOW + 1)
    return stage.gas(stage.payout, "withdrawStake", stage.miner)


def prune_offer(stage: Stage) -> int:
    stage.gas(stage.miner, "publishOffer", CPU, 5_000, ASK, START + 50 * WINDOW, False)
    stage.advance(60 * WINDOW)
    return stage.gas(stage.bystander, "pruneOffer", stage.miner, CPU)


def settle_after_window(stage: Stage) -> int:
    request = submitted(stage)
    stage.advance(WINDOW + 1)
    return stage.gas(stage.bystander, "settle", request)


def settle_many(stage: Stage) -> int:
    """For each of ten."""
    requests = [submitted(stage) for _ in range(10)]
    stage.advance(WINDOW + 1)
    return stage.gas(stage.bystander, "settleMany", requests) // 10


def claim_default(stage: Stage) -> int:
    request = confirmed(stage)
    stage.advance(request.duration + 1)
    return stage.gas(stage.bystander, "claimDefault", request)


def release_by_agreement(stage: Stage) -> int:
    request = confirmed(stage)
    signature = sign(stage.domain.digest(Release(stage.domain.request_id(request))))
    return stage.gas(stage.miner, "releaseByAgreement", request, signature)


def by_court(stage: Stage, method: str, *arguments: int) -> int:
    """The stand-in court's own few hundred gas included."""
    request = submitted(stage)
    if method != "freeze":
        stage.gas(stage.bystander, "freeze", request, target="Court")
    return stage.gas(stage.bystander, method, request, *arguments, target="Court")


def lease(stage: Stage, method: str) -> int:
    """Of one lot; a call after `takeLot` finds it taken."""
    lot, operator = keccak(text="lot"), stage.bystander
    stage.gas(stage.miner, "registerResource", LEASED, 100)
    stage.gas(stage.miner, "publishOffer", LEASED, 100, ASK, FOREVER, False)
    permitting = stage.gas(stage.payout, "permitOperator", stage.miner, operator, 60 * WINDOW)
    if method == "permitOperator":
        return permitting
    end = stage.time() + 30 * WINDOW
    taking = stage.gas(operator, "takeLot", lot, stage.number, LEASED, UNITS, BID, end)
    match method:
        case "takeLot":
            return taking
        case "extendLot":
            return stage.gas(operator, method, lot, BID, end + WINDOW)
        case "freeLot":
            return stage.gas(operator, method, lot)
    stage.advance(31 * WINDOW)
    return stage.gas(stage.payout, method, operator, [lot])


def confirm_signed(stage: Stage) -> int:
    request = stage.request()
    return stage.gas(stage.miner, "confirmRequest", request, stage.sign(request))


def adapting(stage: Stage) -> None:
    """The class's price adapts from now on, and was updated ten minutes ago."""
    market = stage.addresses["ComputeMarket"]
    parameters = 800_000_000, 10**18 // (4 * WINDOW), 3_600, 2 * TOKEN, TOKEN // 100, 100 * TOKEN
    model = stage.chain.deploy("AdaptivePriceModel", (market, CPU, *parameters)).address
    stage.addresses["Price"], stage.contracts["Price"] = model, "AdaptivePriceModel"
    stage.gas(stage.deployer, "setPriceModel", CPU, model)
    update_price(stage)
    stage.advance(600)


def update_price(stage: Stage, *hollow: Request) -> int:
    return stage.gas(stage.bystander, "update", hollow, target="Price")


def update_adapting(stage: Stage, left_out: int = 0) -> int:
    adapting(stage)
    hollow = [posted(stage, max_price=TOKEN) for _ in range(left_out)]
    return update_price(stage, *sorted(hollow, key=stage.domain.request_id))


def confirm_adapting(stage: Stage) -> int:
    adapting(stage)
    return confirm_signed(stage)


def offer(stage: Stage, published: int, ask: int) -> int:
    return stage.gas(stage.miner, "publishOffer", CPU, published, ask, FOREVER, False)


FLOWS: dict[str, Callable[[Stage], int]] = {
    "signed-cooperative": signed_cooperative,
    "posted-optimistic": posted_optimistic,
    "together-10-each": together,
    "further-task": further_task,
    "challenge-to-verdict": court.challenge_to_verdict,
    "channel-steps": channels.steps,
    "storage-proof": storage.proof,
}
CALLS: dict[str, Callable[[Stage], int]] = {
    "deposit": lambda s: s.gas(s.requester, "deposit", TOKEN),
    "depositWithPermit": deposit_with_permit,
    "withdraw": lambda s: s.gas(s.requester, "withdraw", s.requester, TOKEN),
    "registerMiner": lambda s: s.gas(s.bystander, "registerMiner", s.payout),
    "setPayout": lambda s: s.gas(s.payout, "setPayout", s.miner, s.bystander),
    "nameSuccessor": lambda s: s.gas(s.payout, "nameSuccessor", s.miner, s.bystander),
    "succeed": succeed,
    "addStake": lambda s: s.gas(s.miner, "addStake", s.miner, TOKEN),
    "startUnbonding": lambda s: s.gas(s.payout, "startUnbonding", s.miner, TOKEN),
    "withdrawStake": withdraw_stake,
    "collectEarnings": lambda s: s.gas(s.payout, "collectEarnings", s.miner),
    "registerResource": lambda s: s.gas(s.miner, "registerResource", CPU, 9_000),
    "publishOffer": lambda s: offer(s, 4_000, 2 * ASK),
    "withdrawOffer": lambda s: s.gas(s.miner, "withdrawOffer", CPU),
    "pruneOffer": prune_offer,
    "postRequest": lambda s: s.gas(s.requester, "postRequest", s.request()),
    "cancelRequest-posted": lambda s: s.gas(s.requester, "cancelRequest", posted(s)),
    "cancelRequest-signed": lambda s: s.gas(s.requester, "cancelRequest", s.request()),
    "advanceEpoch": lambda s: s.gas(s.requester, "advanceEpoch"),
    "confirmRequest-posted": lambda s: s.gas(s.miner, "confirmRequest", posted(s), b""),
    "confirmRequest-signed": confirm_signed,
    "release": lambda s: s.gas(s.miner, "release", confirmed(s)),
    "releaseByAgreement": release_by_agreement,
    "submitResult": lambda s: s.gas(s.miner, "submitResult", confirmed(s), ROOT, UNITS),
    "acceptResult": lambda s: s.gas(s.requester, "acceptResult", submitted(s), ROOT, UNITS),
    "submitAccepted": lambda s: submit_accepted(s, confirmed(s)),
    "settle": settle_after_window,
    "settleMany-each-of-10": settle_many,
    "claimDefault": claim_default,
    "freeze": lambda s: by_court(s, "freeze"),
    "thaw": lambda s: by_court(s, "thaw"),
    "noteReveal": lambda s: by_court(s, "noteReveal"),
    "setDue": lambda s: by_court(s, "setDue", 5),
    "resolve-overturned": lambda s: by_court(s, "resolve", 0, 10_000),
    "resolve-upheld": lambda s: by_court(s, "resolve", UNITS, 0),
    "submit-attestation": Stage.attest,
    "confirmRequest-verified-miner": confirm_verified,
    "revokeMiner": revoke_miner,
    "permitOperator": lambda s: lease(s, "permitOperator"),
    "takeLot": lambda s: lease(s, "takeLot"),
    "extendLot": lambda s: lease(s, "extendLot"),
    "freeLot": lambda s: lease(s, "freeLot"),
    "pruneLots-one": lambda s: lease(s, "pruneLots"),
    "updatePrice": update_adapting,
    "updatePrice-one-left-out": lambda s: update_adapting(s, left_out=1),
    "confirmRequest-adaptive-price": confirm_adapting,
    **governance.CALLS,
    **rewards.CALLS,
    **court.CALLS,
    **channels.CALLS,
    **storage.CALLS,
}


def measure(crowd: int, what: dict[str, Callable[[Stage], int]]) -> Figures:
    """Every figure from the same state."""
    figures = {}
    with anvil(*OPTIONS) as node:
        stage = Stage(node, crowd)
        for name, run in what.items():
            with stage.rollback():
                figures[name] = run(stage)
    return figures


def sizes() -> Figures:
    """Runtime bytes of what is deployed: no mocks, nothing abstract, no libraries."""
    found = {}
    for path in sorted((BUILD / "contracts").glob("*.json")):
        artefact = json.loads(path.read_text())
        source, code = artefact["sourcePath"], artefact["deployedBytecode"].removeprefix("0x")
        ours = source.startswith("contracts/") and not source.startswith("contracts/mocks/")
        if ours and code and artefact["type"] == "contract":
            found[artefact["contractName"]] = len(code) // 2
    return found


def drifts(old: Figures, new: Figures) -> list[str]:
    """One line for each figure that is new, gone or changed by more than the tolerance."""
    lines = []
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before is None or after is None:
            lines.append(f"{name}: {before} in the snapshot, {after} measured")
        elif abs(after - before) > DRIFT * before:
            change = f" ({after / before - 1:+.2%})" if before else ""
            lines.append(f"{name}: {before:,} in the snapshot, {after:,} measured{change}")
    return lines


def report(small: Figures, large: Figures, contracts: Figures) -> None:
    print("Gas of whole transactions, in the steady state", end="\n\n")
    few, many = CROWDS
    print(f"  {'flow':<34}{f'{few:,} in storage':>20}{f'{many:,} in storage':>22}{'target':>12}")
    for name in FLOWS:
        mark = " ABOVE" if small[name] > TARGETS[name] else ""
        print(f"  {name:<34}{small[name]:>20,}{large[name]:>22,}{TARGETS[name]:>12,}{mark}")
        for flow, peer, gas in PEERS:
            if flow == name:
                print(f"    {peer:<44}{gas:>8,}")
    print(f"\n  {'call':<34}{'gas':>20}")
    for name in CALLS:
        print(f"  {name:<34}{small[name]:>20,}")
    print(f"\n  {'contract':<34}{'runtime bytes':>20}{'limit':>34}")
    for name, size in contracts.items():
        mark = " ABOVE" if size >= SIZE_TARGET else ""
        print(f"  {name:<34}{size:>20,}{SIZE_TARGET:>34,}{mark}")


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print("usage: python -m benchmarks.gas [--check]", file=sys.stderr)
        return 2
    small, contracts = measure(CROWDS[0], FLOWS | CALLS), sizes()
    large = measure(CROWDS[1], FLOWS)
    report(small, large, contracts)
    snapshot = {"flows": small, "sizes": contracts}
    if not arguments:
        SNAPSHOT.write_text(json.dumps(snapshot, indent=2) + "\n")
        return 0
    return check(snapshot, large)


def check(snapshot: dict[str, Figures], large: Figures) -> int:
    """The exit code: 1 if a figure drifted, or grew with what else is in storage."""
    old = json.loads(SNAPSHOT.read_text())
    drifted = [line for part in snapshot for line in drifts(old[part], snapshot[part])]
    grown = [name for name in FLOWS if large[name] > (1 + DRIFT) * snapshot["flows"][name]]
    if drifted:
        print(f"\nDrifted from {SNAPSHOT.name} by over {DRIFT:.1%}:", *drifted, sep="\n  ")
        print("If that is meant, run `make bench` and commit the new snapshot.")
    if grown:
        print(f"\nDearer with {CROWDS[1]:,} miners and requests in storage: {', '.join(grown)}")
    return 1 if drifted or grown else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
