"""What a reward pool costs: reading miners, drawing an epoch, claiming."""

from __future__ import annotations

from benchmarks.stage import CPU, FOREVER, ROOT, UNITS, Stage
from suanli.deployment import TOKEN

EPOCH = 7 * 86_400
SETTLING = EPOCH // 64
WEIGHT = 1_000
GRANT = 100_000 * TOKEN
CHEAP = TOKEN // 100


def pooled(stage: Stage) -> None:
    """A pool that rewards one class, and has been granted something."""
    market = stage.addresses["ComputeMarket"]
    arguments = market, stage.deployer, stage.payout, EPOCH, 2_500, ((CPU, WEIGHT),)
    pool = stage.chain.deploy("RewardPool", arguments).address
    stage.addresses["RewardPool"], stage.contracts["RewardPool"] = pool, "RewardPool"
    stage.gas(stage.bystander, "faucet", GRANT, target="Token")
    stage.gas(stage.bystander, "approve", pool, GRANT, target="Token")
    _pool(stage, "grant", GRANT)
    stage.gas(stage.miner, "publishOffer", CPU, 5_000, CHEAP, FOREVER, False)


def _pool(stage: Stage, method: str, *arguments: object) -> int:
    return stage.gas(stage.bystander, method, *arguments, target="RewardPool")


def step(stage: Stage, wanted: str) -> int:
    """The gas of one step of an epoch, with one miner that made one deal."""
    pooled(stage)
    gas = {"first": _pool(stage, "read", [stage.number])}
    stage.advance(SETTLING)
    gas["counting"] = _pool(stage, "read", [stage.number])
    request = stage.request()
    stage.gas(stage.miner, "confirmRequest", request, stage.sign(request))
    accepted = ROOT, UNITS, stage.accept(request)
    stage.gas(stage.miner, "submitAccepted", request, *accepted)
    stage.advance(SETTLING)
    gas["again"] = _pool(stage, "read", [stage.number])
    stage.advance(EPOCH)
    gas["prepareDraw"] = _pool(stage, "prepareDraw", 0)
    for _ in range(5):
        stage.node("evm_mine")
    gas["draw"] = _pool(stage, "draw", 0)
    if wanted == "claim":
        return _pool(stage, "claim", 0, stage.number)
    return gas[wanted]


STEPS = ("first", "counting", "again", "prepareDraw", "draw", "claim")
CALLS = {f"rewards-{name}": (lambda s, name=name: step(s, name)) for name in STEPS}
