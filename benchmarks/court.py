"""What a case before the court costs, step by step, with few and with many jurors' seats.

Jurors, parties, miner and sink have had a case before; the deal has 4 tasks; three jurors judge,
and nobody appeals.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eth_abi import encode
from eth_utils.crypto import keccak

from benchmarks.stage import Stage, address_of
from suanli.deployment import TOKEN
from suanli.protocol import Leaf, Request, Tree, leaf_hash

HOUR = 3_600
JURORS = [address_of(f"juror {number}") for number in range(10)]
TASKS, TASK = 4, 1
RULES = (
    *(HOUR, HOUR, 2 * HOUR, HOUR, 7 * HOUR, 24 * HOUR, 9 * HOUR, 3 * HOUR),
    *(3, 5, 7, 4, 15_000, 100, 5_000, 1_000, 5, 10**10),
    *(1_000 * TOKEN, TOKEN // 2, 25 * TOKEN, 2 * TOKEN),
)
WINDOW, VERDICT_BY = 24 * HOUR, 20 * 24 * HOUR
SALT = keccak(text="salt")
TRUTH = [Leaf(i, 0, keccak(text=f"output {i}"), 1) for i in range(TASKS)]
LIE = Leaf(TASK, 0, keccak(text="a lie"), 1)
RESULT = Tree([LIE if leaf.index == TASK else leaf for leaf in TRUTH])
HELD = leaf_hash(TRUTH[TASK])
TRACE = keccak(text="trace")


def hashed(types: str, *values: Any) -> bytes:
    return keccak(encode(types.split(), values))


class Bench:
    """A court beside the stage's market, and one case before it."""

    def __init__(self, stage: Stage, seats: int) -> None:
        self.stage = stage
        market = stage.addresses["ComputeMarket"]
        rules = (*RULES, address_of("sink"))
        extension = stage.chain.deploy("CourtExtension", (market, rules)).address
        self.court = stage.chain.deploy("Court", (extension,)).address
        stage.addresses["Judges"], stage.contracts["Judges"] = self.court, "Court"
        self.terms = self._add_terms(market)
        for account in (stage.requester, stage.miner, address_of("sink"), *JURORS):
            self._provide(account, 2_000 * TOKEN + seats * 1_000 * TOKEN)
        for juror in JURORS:
            self.send(juror, "join")
        self._fill(seats - len(JURORS))
        stage.advance(9 * HOUR)

    def send(self, sender: str, method: str, *arguments: Any) -> int:
        return self.stage.gas(sender, method, *arguments, target="Judges")

    def read(self, method: str, *arguments: Any) -> Any:
        return self.stage.chain.call("Court", self.court, method, arguments)

    def _add_terms(self, market: str) -> int:
        stage = self.stage
        record = list(stage.chain.call("ComputeMarket", market, "termsOf", (1,)))
        names = ["treasury", "feeBps", "challengeWindow", "retired", "court", "verdictBy"]
        changes = {"challengeWindow": WINDOW, "court": self.court, "verdictBy": VERDICT_BY}
        for name, value in changes.items():
            record[names.index(name)] = value
        stage.gas(stage.deployer, "addTerms", tuple(record))
        return int(stage.chain.call("ComputeMarket", market, "termsCount", ()))

    def _provide(self, account: str, amount: int) -> None:
        self.stage.gas(account, "faucet", amount, target="Token")
        self.stage.gas(account, "approve", self.court, amount, target="Token")
        self.send(account, "deposit", amount)

    def _fill(self, seats: int) -> None:
        join = self.stage.data("join", target="Judges")
        self.stage.send_all((JURORS[i % len(JURORS)], join) for i in range(seats))

    # A case

    def begin(self) -> None:
        """A deal with a wrong leaf."""
        stage = self.stage
        self.request: Request = stage.request(terms=self.terms, tasks=TASKS)
        stage.gas(stage.miner, "confirmRequest", self.request, stage.sign(self.request))
        submitted = self.request, RESULT.root, RESULT.total
        stage.gas(stage.miner, "submitResult", *submitted)
        made = stage.domain.request_id(self.request), stage.requester, 0
        self.case = hashed("bytes32 address uint8", *made)

    def secret(self, by_miner: bool) -> tuple[bytes, bytes]:
        """With the commitment to it."""
        secret = keccak(text=f"secret {by_miner}")
        return secret, hashed("bytes32 uint8 bool bytes32", self.case, 0, by_miner, secret)

    def juror(self, index: int) -> str:
        position = self.read("seatsOf", self.case, 0)[index]
        return str(self.read("seatOf", position)[0])

    def vote(self, index: int) -> bytes:
        types = "bytes32 uint8 bool uint256 bytes32 bytes32 bytes32"
        return hashed(types, self.case, 0, False, index, HELD, TRACE, SALT)

    def steps(self) -> dict[str, Callable[[], int]]:
        stage, case = self.stage, self.case
        requester, miner, request = stage.requester, stage.miner, self.request
        leaf = hashed("address bytes32 bytes32", requester, HELD, SALT)
        filed = request, 0, False, TASK, leaf, self.secret(False)[1]
        opening = LIE.index, LIE.outcome, LIE.digest, LIE.units
        opened = request, case, self.secret(True)[1], opening, RESULT.path(TASK)

        def reveal(index: int) -> int:
            return self.send(self.juror(index), "revealVote", case, index, HELD, TRACE, SALT)

        def commit(index: int) -> int:
            return self.send(self.juror(index), "commitVote", case, index, self.vote(index))

        def verdict() -> int:
            stage.advance(2 * WINDOW)
            return self.send(stage.bystander, "advance", request, case)

        return {
            "challenge": lambda: self.send(requester, "challenge", *filed),
            "answer": lambda: self.send(miner, "answer", *opened),
            "revealSecret-first": lambda: self.reveal_secret(miner, True),
            "revealSecret-draw": lambda: self.reveal_secret(requester, False),
            "commitVote": lambda: commit(0),
            "commitVote-again": lambda: commit(1),
            "commitVote-last": lambda: commit(2),
            "showLeaf": lambda: self.send(requester, "showLeaf", request, case, HELD, SALT),
            "revealVote": lambda: reveal(0),
            "revealVote-again": lambda: reveal(1),
            "revealVote-last": lambda: reveal(2),
            "advance-verdict": verdict,
        }

    def reveal_secret(self, sender: str, by_miner: bool) -> int:
        self.stage.node("evm_mine")
        return self.send(sender, "revealSecret", self.case, self.secret(by_miner)[0])

    def whole(self) -> dict[str, int]:
        self.begin()
        return {name: step() for name, step in self.steps().items()}


def case(stage: Stage) -> dict[str, int]:
    """A second case: whatever a first one touched is in use."""
    bench = Bench(stage, max(len(JURORS), stage.crowd))
    bench.whole()
    return bench.whole()


def challenge_to_verdict(stage: Stage) -> int:
    """All transactions of a case: filed, answered, drawn, judged by three, upheld, paid."""
    return sum(case(stage).values())


def join(stage: Stage) -> int:
    bench = Bench(stage, 11)
    return bench.send(JURORS[0], "join")


STEPS = (
    "challenge",
    "answer",
    "revealSecret-first",
    "revealSecret-draw",
    "commitVote",
    "commitVote-last",
    "showLeaf",
    "revealVote",
    "revealVote-last",
    "advance-verdict",
)
CALLS: dict[str, Callable[[Stage], int]] = {
    "court-join": join,
    **{f"court-{name}": (lambda s, name=name: case(s)[name]) for name in STEPS},
}
