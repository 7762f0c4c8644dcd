"""A network's file tried out: a market with exactly its parameters on a chain of its pace and fees,
a job from request to payment, and a case of the court, whose periods pass by moving the clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from suanli.base.amounts import show_price
from suanli.base.text import span
from suanli.chain import Court, Sender, Token
from suanli.client import Client, Confirmed, DealEnded, DealRecord, JobEvent, Options
from suanli.client.run import Run, progress
from suanli.devnet.jurors import court_of
from suanli.devnet.likeness import NetworkLike, like
from suanli.devnet.network import DEPLOYER, Devnet, DevnetSale
from suanli.devnet.processes import DevnetError
from suanli.devnet.tally import Spent, spent
from suanli.protocol import CaseOutcome, CasePhase, State, case_id, leaf_commitment
from suanli.protocol import secret_commitment as secret_of

PROGRAM = bytes.fromhex(
    "0061736d01000000010401600000030201000503010001071302066d656d6f72790200065f737461727400000a"
    "19011701017f4180b4891321000340200041016b22000d000b0b"
)
"""Counts 40 million down and says nothing: 201 units."""
JOB = """
module = "count.wasm"
limits = { fuel = 300_000_000, memory = "1 MiB" }
[tasks]
range = [0, 4]
args = ["{value}"]
"""
BUDGET = "1"
DEPLOYMENT = "deployment"
JURORS = 3
SECRET, SALT = b"\1" * 32, b"\2" * 32
PATIENCE = 180.0
"""Seconds that a daemon may take for what it is to do at once."""
STUCK = 60.0
"""Seconds after which a phase of a case is thought to wait for its end."""


@dataclass
class RehearsedStage:
    """What was done from block `first` on: `seconds` of this machine's; `passed`: of the chain's,
    by moving its clock."""

    name: str
    first: int
    last: int = 0
    seconds: float = 0.0
    passed: int = 0

    @property
    def blocks(self) -> int:
        return self.last - self.first


@dataclass
class Rehearsed:
    """What came of it. `names` of accounts by address."""

    chain: NetworkLike
    stages: list[RehearsedStage] = field(default_factory=list)
    spent: list[Spent] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    case_seats: int = 0
    """That judged."""
    base_fees: tuple[int, int] = (0, 0)
    """The lowest and the highest of a block with a transaction, in wei per gas."""
    case_seconds: int = 0
    """By the chain's clock, from the challenge to the end of the deal."""

    @property
    def block_time(self) -> float:
        """Seconds, as measured while it was deployed."""
        (stage,) = (one for one in self.stages if one.name == DEPLOYMENT)
        return stage.seconds / stage.blocks


class Rehearsal:
    """One run. `tell` hears what happens.

    Raises:
        DeploymentError, DevnetError: what is wrong with the file.
    """

    net: Devnet
    _folder: Path
    _client: Client

    def __init__(self, path: Path, tell: Callable[[str], None]) -> None:
        self.chain = like(path, DEPLOYER.address)
        self._tell = tell
        self.came_of_it = Rehearsed(self.chain)
        self._began = time.monotonic()
        self._block = 0
        self._passed = 0

    def run(self, folder: Path) -> Rehearsed:
        """All of it, with its state and logs in `folder`.

        Raises:
            SuanliError: what does not work.
        """
        floor, self._folder = self.chain.parameters.classes[0].floor, folder
        sale = DevnetSale(capacity=100_000, ask=show_price(floor), speed=400.0, patience=5)
        self.net = Devnet(
            folder / "net", 1, sale, self._told, jurors=JURORS, ports=(0, 0), chain=self.chain
        )
        with self.net as net:
            self._job()
            self._dispute()
            head, known = net.node.head().number, self.came_of_it
            known.names = {stored.address: stored.name for stored in net.keys.list()}
            known.names[DEPLOYER.address] = "deployer"
            known.spent = list(spent(net.node, 0, head))
            blocks = {one.block for one in known.spent}
            fees = [block.base_fee or 0 for block in map(net.node.block, blocks) if block]
            known.base_fees = min(fees), max(fees)
        return known

    def _told(self, line: str) -> None:
        """Of the devnet: each part is there when it is told."""
        names = {"market": DEPLOYMENT, f"juror-{JURORS}": "jurors take their seats"}
        names |= {"relay": "accounts are funded", "miner-1": "a miner stakes and offers"}
        self._tell(line)
        part = line.split()[0]
        if part in names:
            self._over(names[part])
        if part == f"juror-{JURORS}":  # the devnet passes over the time until they can be drawn
            self.came_of_it.stages[-1].passed = self.chain.court.join_delay

    def _over(self, name: str) -> None:
        """A stage ends, the next begins."""
        now, head = time.monotonic(), self.net.node.head().number
        stage = RehearsedStage(name, self._block, head, now - self._began, self._passed)
        self.came_of_it.stages.append(stage)
        self._tell(f"        = {name}: {stage.blocks} blocks, {stage.seconds:.0f} s")
        self._began, self._block, self._passed = now, head, 0

    def _pass(self, seconds: int) -> None:
        self._tell(f"          the chain's clock is moved by {span(seconds)}")
        self.net.node.request("evm_increaseTime", seconds)
        self.net.node.request("anvil_mine", "0x1")
        self._passed += seconds

    # A job

    def _submitted(self, number: int) -> Run:
        terms = self.chain.parameters.terms
        folder = self._folder / f"job-{number}"
        folder.mkdir()
        (folder / "count.wasm").write_bytes(PROGRAM)
        (folder / "job.toml").write_text(JOB)
        options = Options(
            audit=0, hedge=False, max_hold=terms.challenge_window + terms.verdict_by, bond=0
        )
        return self._client.submit(folder / "job.toml", BUDGET, options, self._tell)

    def _job(self) -> None:
        with self.net.client() as self._client, closing(self._submitted(1)) as run:
            for line in progress(run, self._events(run)):
                self._tell("          " + line)
        self._over("confirmation to payment")

    def _events(self, run: Run) -> Iterator[JobEvent]:
        for event in run.events():
            yield event
            if isinstance(event, Confirmed):
                self._over("request to confirmation")
            if isinstance(event, DealEnded) and event.how != "settled":
                raise DevnetError(f"the job's deal was {event.how}: see {self.net.folder}")

    # A case

    def _dispute(self) -> None:
        """The requester is silent, then challenges what is right, and loses."""
        with self.net.client() as self._client, closing(self._submitted(2)) as run:
            for event in run.events():
                if isinstance(event, Confirmed):
                    (deal,) = run.ledger.deals()
                    break
            else:
                raise DevnetError(f"the job ended without a deal: see {self.net.folder}")
        id_ = self.net.market.domain.request_id(deal.request)
        self._until(lambda: self._state(id_) is State.SUBMITTED, "hands its result in")
        self._over("a result without an acceptance")
        begun = self.net.node.head().time
        self._case(deal, id_)
        self._over("a challenge, judged")
        self._wait_out(id_)
        self._over("the windows pass, the miner is paid")
        self.came_of_it.case_seconds = self.net.node.head().time - begun

    def _state(self, id_: bytes) -> State:
        return self.net.market.deal_of(id_).state

    def _case(self, deal: DealRecord, id_: bytes) -> None:
        net, court = self.net, court_of(self.net.market)
        sender = Sender(net.node, self._client.account, fees=self.chain.fees())
        case = _file(sender, court, deal, id_)
        before, since = CasePhase.NONE, time.monotonic()
        while not (status := court.case_of(case)).phase.is_final:
            if status.phase is not before:
                self._tell(f"          the case is {status.phase.name.lower()}")
                before, since = status.phase, time.monotonic()
            head = net.node.head()
            if time.monotonic() > since + PATIENCE:
                told = f"within {PATIENCE:.0f} s the case did not leave {status.phase.name.lower()}"
                raise DevnetError(f"{told}: see {net.folder}")
            if status.phase is CasePhase.DRAWING and not status.filer_acted:
                if head.evm_number > status.named:
                    sender.execute(court.reveal_secret(case, SECRET))
            elif status.phase is CasePhase.SHOWING and not status.shown:
                sender.execute(court.show_leaf(deal.request, case, SALT, case))
            elif head.time <= status.deadline and (
                status.phase is CasePhase.DECIDED or time.monotonic() > since + STUCK
            ):
                self._pass(status.deadline + 1 - head.time)
                since = time.monotonic()
            time.sleep(0.25)
        if (status.phase, status.outcome) != (CasePhase.REJECTED, CaseOutcome.STANDS):
            found = f"{status.phase.name.lower()}, {status.outcome.name.lower()}"
            raise DevnetError(f"the case ended {found}, and the result was right: see {net.folder}")

        self.came_of_it.case_seats = status.seats

    def _wait_out(self, id_: bytes) -> None:
        """Until others can't challenge it any more."""
        docket, head = court_of(self.net.market).docket_of(id_), self.net.node.head()
        window = self.net.market.deal_of(id_).time + self.chain.parameters.terms.challenge_window
        if (left := max(docket.filing_until, window) + 1 - head.time) > 0:
            self._pass(left)
        self._until(lambda: self._state(id_) is State.SETTLED, "is paid")

    def _until(self, holds: Callable[[], bool], what: str) -> None:
        ends = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > ends:
                raise DevnetError(f"within {PATIENCE:.0f} s no miner {what}: see {self.net.folder}")
            time.sleep(0.25)


def _file(sender: Sender, court: Court, deal: DealRecord, id_: bytes) -> bytes:
    """A challenge of the first task, which is right; the case's id."""
    me = sender.address
    case = case_id(id_, me, 0)
    deposit = court.deposit_of(0, court.rules().jury, deal.request.miner)
    leaf, secret = leaf_commitment(me, SALT, case), secret_of(case, 0, False, SECRET)
    for call in (
        Token(court.node, court.token()).approve(court.address, deposit),
        court.deposit(deposit),
        court.challenge(deal.request, 0, False, 1, leaf, secret),
    ):
        sender.execute(call)
    return case
