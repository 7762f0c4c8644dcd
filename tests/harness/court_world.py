"""A market with a court and jurors, and both in the shadow model.

world = CourtWorld()
deal = world.deal(BOB, tasks=3, wrong={1})      # a submitted result, whose truth is known
world.court_call("challenge", ALICE, …)         # on both sides; fails if they differ
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from eth_utils import keccak

from suanli.model import Case, Court, CourtRules
from suanli.protocol import CasePhase, Leaf, Tree
from suanli.protocol import Request as ModelRequest
from tests.harness.evm import Receipt, account
from tests.harness.market import ALICE, PRICE, Request
from tests.harness.shadowed import ShadowedWorld

SINK = account("the court's sink")
STEP = 3_600
TERM = 90 * 86_400
RULES = CourtRules(
    inclusion=STEP,
    step=STEP,
    vote=STEP,
    cure=STEP,
    queue=STEP,
    filing=2 * STEP,
    join_delay=3 * STEP,
    leave_delay=3 * STEP,
    jury=1,
    large_jury=3,
    appeal_jury=3,
    cases_per_seat=2,
    cover_bps=10_000,
    penalty_bps=5_000,
    least_slash_bps=4_000,
    cure_slash_bps=1_000,
    slash_factor=1,
    delay_rate=10**12,
    seat_stake=10**12,
    seat_fee=10**9 + 1,
    bond=25 * (10**9 + 1),
    reward_cap=10**9,
    sink=SINK,
)


class Judged(NamedTuple):
    """A deal with a submitted result."""

    request: Request
    request_id: bytes
    claimed: tuple[Leaf, ...]
    truth: tuple[Leaf, ...]
    tree: Tree


class CourtWorld(ShadowedWorld):
    MODELS = ("shadow", "model_court")

    def __init__(self, decimals: int = 18, rules: CourtRules = RULES, **terms: Any) -> None:
        super().__init__(decimals)
        self.rules = rules
        extension = self.evm.deploy("CourtExtension", self.market.address, _abi(rules))
        self.judges = self.evm.deploy("Court", extension.address)
        self.evm.learn("ResultTreeHarness")
        usual = {
            "court": self.judges.address,
            "challengeWindow": 2 * rules.filing,
            "verdictBy": TERM,
            "defaultBps": 3_000,
            "courtBps": 10_000,
            "compensationCap": 0,
        }
        self.court_terms = self.add_terms(**usual | terms)
        self.start()
        self.model_court = Court(self.shadow, self.judges.address, rules, block_hash)
        self.model_court.block = self.evm.number
        self.people: set[str] = {SINK}
        """Whoever has money in the court."""
        self._salt = 0

    def give(self, holder: str, amount: int, *spenders: str) -> None:
        super().give(holder, amount, self.judges.address, *spenders)

    def provide(self, holder: str, amount: int) -> None:
        """Base units in the court's account."""
        self.give(holder, amount)
        self.court_call("deposit", holder, amount)

    def advance(self, seconds: int, blocks: int = 1) -> None:
        super().advance(seconds, blocks)
        self.model_court.time, self.model_court.block = self.evm.time, self.evm.number

    def court_call(self, name: str, sender: str, *args: Any) -> Receipt:
        """Success, or exactly the error that the model foresees."""
        self.people.add(sender)
        return self.both(self.judges, self.model_court, name, sender, *args)

    def deal(
        self,
        miner: str,
        tasks: int = 2,
        units: int = 10,
        wrong: Collection[int] = (),
        requester: str = ALICE,
        lie: int = 0,
        large: int = -1,
    ) -> Judged:
        """Each task used `units`. `lie`: so many units more are claimed than the root says;
        `large`: a task whose leaf is above the class's maximum."""
        self._salt += 1
        truth = [Leaf(n, 0, keccak(f"{self._salt} {n}".encode()), units) for n in range(tasks)]
        claimed = [
            Leaf(leaf.index, 0, keccak(b"wrong") if leaf.index in wrong else leaf.digest, units)
            for leaf in truth
        ]
        if 0 <= large < tasks:
            claimed[large] = Leaf(large, 0, claimed[large].digest, 1_001)
        tree = Tree(claimed)
        request = self.request(
            requester=requester,
            miner=self.shadow.miners[miner].miner_id,
            units=tree.total + lie,
            tasks=max(tasks, -(-(tree.total + lie) // 1_000)),
            terms=self.court_terms,
            salt=self._salt,
            maxPrice=PRICE,
        )
        assert request.tasks == tasks
        lock = self.lock_of(request)
        self.give(requester, lock)
        self.market_call("deposit", requester, lock)
        self.market_call("post_request", requester, request)
        self.confirm_posted(miner, request)
        self.market_call("submit_result", miner, request, tree.root, tree.total + lie)
        found = self.shadow.request_id(ModelRequest(*request))
        return Judged(request, found, tuple(claimed), tuple(truth), tree)

    # Comparing

    def compare(self) -> None:
        court, model = self.judges, self.model_court
        if not model.seats and not model.accounts:
            return
        held = self.token.balanceOf(court.address)
        assert held == model.held
        for person in self.people:
            account_ = model.accounts[person]
            _same(
                court.accountOf(person),
                {"available": account_.available, "locked": account_.locked},
            )
        totals = court.seatTotals()
        expected = {
            "positions": model.positions,
            "seats": model.staying,
            "occupied": model.occupied,
            "queued": model.waiting,
            "vacant": model.vacant[-1] if model.vacant else 0,
        }
        _same(totals, expected)

    def compare_seat(self, position: int) -> None:
        found, seat = self.judges.seatOf(position), self.model_court.seats.get(position)
        if seat is None:
            assert int(found.juror, 16) == 0
            return
        until = seat.left_at + self.rules.leave_delay if seat.left_at else 0
        expected = {
            "juror": seat.juror,
            "since": seat.since,
            "until": until,
            "sitting": seat.sitting,
            "penalties": seat.penalties,
        }
        _same(found, expected)

    def compare_case(self, case: Case) -> None:
        expected: dict[str, Any] = {
            "phase": case.phase,
            "deadline": case.deadline,
            "filer": case.filer,
            "task": case.task,
            "number": case.number,
            "withheld": case.withheld,
        }
        drawn = case.round
        if not case.phase.is_final:
            expected |= {
                "outcome": case.outcome,
                "round": drawn.number,
                "seats": drawn.jury,
                "shown": case.shown,
                "second": len(drawn.ballots) == 2,
                "leaf": case.leaf if case.shown else case.commitment,
                "minerLeaf": case.miner_leaf[:16],
                "deposit": case.deposit,
                "filedAt": case.filed_at,
                "appellant": case.appellant,
                "appealDeposit": case.appeal_deposit,
            }
            assert list(self.judges.seatsOf(case.case_id, drawn.number)) == drawn.seats
        if case.phase in (CasePhase.ANSWERING, CasePhase.DRAWING):
            drawing = case.phase == CasePhase.DRAWING
            acted = drawn.shown if drawing else set(drawn.secrets)
            expected |= {"filerActed": False in acted, "minerActed": True in acted}
            if drawing:
                expected |= {
                    "named": drawn.named,
                    "positions": drawn.positions,
                    "seed": drawn.seed,
                }
        elif case.phase in (CasePhase.VOTING, CasePhase.SHOWING, CasePhase.REVEALING):
            ballot = drawn.ballot
            expected |= {"committed": len(ballot.commitments), "revealed": len(ballot.votes)}
        _same(self.judges.caseOf(case.case_id), expected)

    def compare_docket(self, request_id: bytes) -> None:
        docket = self.model_court.dockets[request_id]
        expected = {
            "open": docket.open,
            "frozen": docket.frozen,
            "noted": docket.noted,
            "finished": docket.finished,
            "reopened": docket.reopened,
            "cured": docket.cured,
            "allWrong": docket.all_wrong,
            "wrong": len(docket.wrong),
            "right": docket.right,
        }
        if docket.frozen:
            expected["filingUntil"] = docket.filing_until
        _same(self.judges.docketOf(request_id), expected)


def _same(found: Any, expected: dict[str, Any]) -> None:
    """These fields of what the contract says are what the model says."""
    wrong = {
        name: (getattr(found, name), value)
        for name, value in expected.items()
        if getattr(found, name) != value
    }
    assert not wrong, f"found, expected: {wrong}"


def block_hash(number: int) -> bytes:
    """As the EVM in the process makes it."""
    return keccak(text=str(number))


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.title, rest))


def _abi(rules: CourtRules) -> dict[str, Any]:
    return {camel(name): getattr(rules, name) for name in rules.__dataclass_fields__}
