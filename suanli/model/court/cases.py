"""Cases from their filing to the drawn jury."""

from collections.abc import Callable, Container, Sequence

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from suanli.model.court.docket import Dockets
from suanli.model.court.state import FIRST, Case, CourtRules, Round
from suanli.model.market import Market
from suanli.protocol import (
    ZERO_DIGEST,
    Address,
    CasePhase,
    Request,
    case_id,
    require,
    secret_commitment,
)
from suanli.protocol.result_tree import Leaf, Sibling, depth_of, leaf_hash, open_leaf

MOST_NUMBER = 15
HASHES = 256
TRIES = 256
"""Numbers that one call draws."""


class Cases(Dockets):
    """`hash_of` tells the hash of a block."""

    def __init__(
        self,
        market: Market,
        address: Address,
        rules: CourtRules,
        hash_of: Callable[[int], bytes],
    ) -> None:
        super().__init__(market, address, rules)
        self.hash_of = hash_of

    def challenge(
        self,
        sender: Address,
        request: Request,
        number: int,
        withheld: bool,
        task: int,
        leaf: bytes,
        secret: bytes,
    ) -> bytes:
        """The case's id."""
        require(number <= MOST_NUMBER, "NumberTooHigh", number, MOST_NUMBER)
        require(ZERO_DIGEST not in (leaf, secret), "NothingCommitted")
        request_id = self.market.request_id(request)
        new = case_id(request_id, sender, number)
        require(new not in self.cases, "CaseExists", new)
        deal = self._require_submitted(request)
        require(task < request.tasks, "TaskOutOfRange", task, request.tasks)
        jury = self._first_jury(request)
        fee = self.fee_of(jury, deal.miner_id)
        deposit = (self.rules.bond << number) + fee
        with self._open_docket(request, request_id) as docket:
            self._lock(sender, deposit)
        docket.open += 1
        case = Case(
            case_id=new,
            request=request,
            request_id=request_id,
            miner_id=deal.miner_id,
            filer=sender,
            number=number,
            withheld=withheld,
            task=task,
            deposit=deposit,
            fee=fee,
            filed_at=self.time,
            commitment=leaf,
        )
        self.cases[new] = case
        self._begin_round(case, FIRST, jury, {False: secret})
        return new

    def answer(
        self,
        sender: Address,
        request: Request,
        case_id: bytes,
        secret: bytes,
        leaf: Leaf,
        path: Sequence[Sibling],
    ) -> None:
        case = self._require_own(request, case_id)
        self._require_phase(case, CasePhase.ANSWERING)
        require(case.miner_leaf == ZERO_DIGEST, "AlreadyDone", case_id, sender)
        miner = self._miner_of(case)
        require(sender == miner, "NotMiner", sender, miner)
        if leaf.index == case.task:
            depth = depth_of(request.tasks)
            require(len(path) == depth, "WrongPathLength", len(path), depth)
        deal = self.market.deal_of(case.request_id)
        fits = leaf.index == case.task and (
            open_leaf(deal.root, request.tasks, leaf, path) == deal.units_used
        )
        require(fits, "LeafNotInResult", case.request_id, leaf.index)
        require(secret != ZERO_DIGEST, "NothingCommitted")
        case.miner_leaf = leaf_hash(leaf)
        self._commit(case, True, secret)

    def commit_secret(self, sender: Address, case_id: bytes, secret: bytes) -> None:
        case = self._require_case(case_id, CasePhase.ANSWERING)
        later = case.round.number != FIRST
        require(later, "WrongPhase", case_id, case.phase)
        by_miner = self._party(sender, case, case.round.secrets)
        require(by_miner not in case.round.secrets, "AlreadyDone", case_id, sender)
        require(secret != ZERO_DIGEST, "NothingCommitted")
        self._commit(case, by_miner, secret)

    def record_hash(self, _sender: Address, case_id: bytes) -> None:
        case = self._require_case(case_id, CasePhase.DRAWING)
        drawn = case.round
        require(drawn.seed == ZERO_DIGEST, "HashRecordedAlready", case_id)
        require(self.block > drawn.named, "HashNotThere", drawn.named)
        if self.block <= drawn.named + HASHES:
            drawn.seed = self.hash_of(drawn.named)
            return
        drawn.named = self.block + 1
        larger = self.rules.large_jury - drawn.jury
        if larger > 0:
            drawn.jury += larger
            self._keep(case, drawn, larger)
        if not drawn.renamed:
            drawn.renamed = True
            self._begin_drawing(case)

    def reveal_secret(self, sender: Address, case_id: bytes, secret: bytes) -> None:
        case = self._require_case(case_id, CasePhase.DRAWING)
        drawn = case.round
        by_miner = self._party(sender, case, drawn.shown)
        require(by_miner not in drawn.shown, "AlreadyDone", case_id, sender)
        committed = secret_commitment(case_id, drawn.number, by_miner, secret)
        require(committed == drawn.secrets[by_miner], "NotCommitted", drawn.secrets[by_miner])
        if drawn.seed == ZERO_DIGEST:
            require(self.block > drawn.named, "HashNotThere", drawn.named)
            require(self.block <= drawn.named + HASHES, "HashMissed", drawn.named)
            drawn.seed = self.hash_of(drawn.named)
        drawn.seed = self.mix(drawn.seed, secret, by_miner)
        drawn.shown.add(by_miner)
        if len(drawn.shown) == 2:
            self._draw(case)

    def draw(self, _sender: Address, case_id: bytes) -> None:
        case = self._require_case(case_id, CasePhase.DRAWING)
        due = len(case.round.shown) == 2
        require(due, "NoStepDue", case_id, case.phase, case.deadline)
        self._draw(case)

    def _require_own(self, request: Request, case_id: bytes) -> Case:
        """The request's case."""
        request_id, case = self.market.request_id(request), self.cases.get(case_id)
        own = case is not None and case.request_id == request_id
        require(own, "ForeignRequest", case_id, request_id)
        assert case is not None
        return case

    def _require_case(self, case_id: bytes, *fitting: CasePhase) -> Case:
        """A case in one of these phases, in time."""
        case = self.cases.get(case_id)
        require(case is not None, "WrongPhase", case_id, CasePhase.NONE)
        assert case is not None
        self._require_phase(case, *fitting)
        return case

    def _require_phase(self, case: Case, *fitting: CasePhase) -> None:
        require(case.phase in fitting, "WrongPhase", case.case_id, case.phase)
        require(self.time <= case.deadline, "PhaseOver", case.case_id, case.deadline)

    def _miner_of(self, case: Case) -> Address:
        return self.market.miners_by_id[case.miner_id - 1].account

    def _party(self, sender: Address, case: Case, acted: Container[bool] = ()) -> bool:
        """Whether the caller acts as the miner; who is both, as the filer first."""
        miner = self._miner_of(case)
        if sender == case.filer:
            return sender == miner and False in acted
        require(sender == miner, "NotParty", sender)
        return True

    def _begin_round(self, case: Case, number: int, jury: int, secrets: dict[bool, bytes]) -> None:
        case.rounds.append(Round(number, jury, secrets))
        if self._seatable(case):
            self._seat(case)
        else:
            wait = self.rules.queue if number == FIRST else self.rules.step
            case.phase, case.deadline = CasePhase.QUEUED, self.time + wait
            self.waiting += jury

    def _seatable(self, case: Case) -> bool:
        jury = case.round.jury
        used = sum(len(earlier.seats) for earlier in case.rounds[:-1])
        room = self.places - self.occupied
        spare = self.rules.appeal_jury if case.round.number == FIRST else 0
        return room >= jury + spare and self.staying >= jury + used

    def _seat(self, case: Case) -> None:
        self._keep(case, case.round, case.round.jury)
        case.phase, case.deadline = CasePhase.ANSWERING, self.time + self.rules.step

    def _keep(self, case: Case, drawn: Round, places: int) -> None:
        drawn.places += places
        self.occupied += places
        self.by_miner[case.miner_id] += places

    def _commit(self, case: Case, by_miner: bool, secret: bytes) -> None:
        drawn = case.round
        drawn.secrets[by_miner] = secret
        if len(drawn.secrets) == 2:
            drawn.named = self.block + 1
            self._begin_drawing(case)

    def _begin_drawing(self, case: Case) -> None:
        case.round.began, case.round.positions = self.time, self.positions
        case.phase, case.deadline = CasePhase.DRAWING, self.time + self.rules.step

    def _draw(self, case: Case) -> None:
        drawn = case.round
        used = {position for each in case.rounds for position in each.seats}
        for number in range(drawn.calls * TRIES, (drawn.calls + 1) * TRIES):
            if len(drawn.seats) == drawn.jury:
                break
            position = self.number(drawn.seed, number) % drawn.positions + 1
            if position in used or not self._drawable(position, drawn.began):
                continue
            used.add(position)
            drawn.seats.append(position)
            self.seats[position].sitting += 1
        drawn.calls += 1
        if len(drawn.seats) == drawn.jury:
            case.phase, case.deadline = CasePhase.VOTING, self.time + self.rules.vote

    def _drawable(self, position: int, began: int) -> bool:
        seat = self.seats.get(position)
        if seat is None:
            return False
        return seat.since <= began and (seat.left_at == 0 or seat.left_at > began)

    @staticmethod
    def mix(seed: bytes, secret: bytes, by_miner: bool) -> bytes:
        """A seed with a party's secret in it."""
        mixed = keccak(encode(["bytes32", "bool"], [secret, by_miner]))
        return bytes(a ^ b for a, b in zip(seed, mixed, strict=True))

    @staticmethod
    def number(seed: bytes, number: int) -> int:
        return int.from_bytes(keccak(encode(["bytes32", "uint256"], [seed, number])), "big")

    def _first_jury(self, request: Request) -> int:
        stakes = self.rules.jury * self.rules.seat_stake * 10_000
        needed = self.at_stake(request) * self.rules.cover_bps * self.rules.cases_per_seat
        return self.rules.jury if stakes >= needed else self.rules.large_jury

    def at_stake(self, request: Request) -> int:
        """Payment for the units claimed, and the deal's collateral, in base units."""
        deal = self.market.deal_of(self.market.request_id(request))
        per_unit = self.market.classes[request.resource].stake_per_unit
        scale = self.market.scale
        pay = scale.value_down(deal.units_used, deal.price)
        return pay + scale.value_down(request.units, per_unit)
