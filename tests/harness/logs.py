"""A chain that is made up: blocks with a market's logs, reorganized at will and asked as a node.

chain = MadeUpChain(); world = Happenings(chain, seed); world.happen(100)
node = Node(chain); node.logs(...)

What happens keeps the market's rules as far as the index has to know them. `MadeUpConstants` is
what else the index asks of a chain.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from suanli.chain import artifact
from suanli.chain.generated import channels_functions, court_functions, functions
from suanli.protocol import Kind, ResourceClass, Scale, Terms

MARKET, COURT, CHANNELS, GOVERNOR = ("0x" + digit * 40 for digit in "1234")
ROLES = {MARKET: "market", CHANNELS: "channels", GOVERNOR: "governor"}
"""Followed from the beginning; the court is named by terms."""
BEGUN = 1_800_000_000
ABIS = {
    MARKET: functions.ABI,
    COURT: court_functions.ABI,
    CHANNELS: channels_functions.ABI,
    GOVERNOR: "MarketGovernor",
}
PRICE = 10**16


@cache
def entry(contract: str, name: str) -> Any:
    return next(e for e in artifact(ABIS[contract]).abi.events.values() if e.name == name)


@dataclass
class MadeUpBlock:
    number: int
    hash: bytes
    parent: bytes
    time: int
    logs: list[tuple[str, bytes, list[str], str]] = field(default_factory=list)
    """Contract, transaction, topics, data."""


class MadeUpChain:
    """As a node's transport. `seconds` between blocks; `tells_times`: whether logs say when."""

    def __init__(self, seconds: int = 7, tells_times: bool = True) -> None:
        self._seconds, self._tells_times = seconds, tells_times
        self._forks = 0
        self.blocks = [MadeUpBlock(0, keccak(b"genesis"), bytes(32), BEGUN)]
        self.asked: list[str] = []

    def mine(self) -> MadeUpBlock:
        last = self.blocks[-1]
        number = last.number + 1
        salt = f"{number} {self._forks}".encode()
        block = MadeUpBlock(number, keccak(last.hash + salt), last.hash, last.time + self._seconds)
        self.blocks.append(block)
        return block

    def log(self, contract: str, name: str, *values: Any) -> None:
        """Into the newest block."""
        event = entry(contract, name)
        topics, kinds, rest = ["0x" + event.topic.hex()], [], []
        for kind, value, indexed in zip(event.types, values, event.indexed, strict=True):
            if indexed:
                topics.append("0x" + encode([kind], [value]).hex())
            else:
                kinds.append(kind)
                rest.append(value)
        block = self.blocks[-1]
        transaction = keccak(block.hash + len(block.logs).to_bytes(4, "big"))
        block.logs.append((contract, transaction, topics, "0x" + encode(kinds, rest).hex()))

    def undo(self, depth: int) -> None:
        """The newest blocks are gone; what is mined next has other hashes."""
        self._forks += 1
        del self.blocks[max(1, len(self.blocks) - depth) :]

    # As a transport

    def request(self, method: str, params: Sequence[Any]) -> Any:
        self.asked.append(method)
        match method:
            case "eth_chainId":
                return hex(1337)
            case "eth_getBlockByNumber":
                return self._block(params[0])
            case "eth_getLogs":
                return self._logs(params[0])
        raise AssertionError(method)

    def _block(self, which: str) -> Any:
        number = len(self.blocks) - 1 if which == "latest" else int(which, 16)
        if number >= len(self.blocks):
            return None
        block = self.blocks[number]
        return {
            "number": hex(block.number),
            "hash": "0x" + block.hash.hex(),
            "parentHash": "0x" + block.parent.hex(),
            "timestamp": hex(block.time),
        }

    def _logs(self, question: Any) -> list[Any]:
        first, last = int(question["fromBlock"], 16), int(question["toBlock"], 16)
        wanted = question["address"]
        wanted = {wanted} if isinstance(wanted, str) else set(wanted)
        named = (question.get("topics") or [None])[0]
        return [
            {
                "address": contract,
                "topics": topics,
                "data": data,
                "blockNumber": hex(block.number),
                "blockHash": "0x" + block.hash.hex(),
                "transactionHash": "0x" + transaction.hex(),
                "logIndex": hex(place),
            }
            | ({"blockTimestamp": hex(block.time)} if self._tells_times else {})
            for block in self.blocks[first : last + 1]
            for place, (contract, transaction, topics, data) in enumerate(block.logs)
            if contract in wanted and (named is None or topics[0] in named)
        ]


class MadeUpConstants:
    scale = Scale(18)

    def resource_class(self, resource: int) -> ResourceClass:
        kind = Kind.LEASED if resource == 2 else Kind.JUDGED
        return ResourceClass("0x" + "d" * 40, kind, False, 1, 10**18, 1_000, 1 << 30, 1, 1 << 20)

    def terms(self, number: int) -> Terms:
        nobody = "0x" + "e" * 40
        return Terms(nobody, 100, 3600, False, COURT, 7200, 100, 1000, 5000, nobody, 10**18, 500)

    def beside(self, terms: Terms) -> dict[str, str]:
        return {terms.court: "court"}

    def forget(self) -> None:
        pass


@dataclass
class State:
    """What is true after a block."""

    miners: int = 0
    offers: dict[tuple[int, int], dict[str, int]] = field(default_factory=dict)
    live: list[tuple[bytes, int, int]] = field(default_factory=list)
    """Confirmed: id, miner, units."""
    submitted: list[tuple[bytes, int, int]] = field(default_factory=list)
    frozen: list[tuple[bytes, int, int, bytes]] = field(default_factory=list)
    """With the case's id."""
    posted: list[tuple[bytes, Any]] = field(default_factory=list)
    lots: list[tuple[bytes, int]] = field(default_factory=list)
    proposals: list[int] = field(default_factory=list)
    made: int = 0


class Happenings:
    """By chance, always the same with the same seed."""

    def __init__(self, chain: MadeUpChain, seed: int = 0, miners: int = 3) -> None:
        self.chain, self._random, self._miners = chain, random.Random(seed), miners
        self.state = State()
        self._after: list[State] = [State()]
        """By block."""
        self._begin()

    def happen(self, blocks: int, most: int = 4) -> None:
        """So many blocks, with up to `most` events each."""
        acts = (
            *(self.confirm, self.confirm, self.confirm, self.submit, self.submit, self.settle),
            *(self.settle_accepted, self.post, self.challenge),
            *(self.post, self.confirm_posted, self.cancel, self.default, self.overturn),
            *(self.offer, self.withdraw, self.move_money, self.take_lot, self.free_lot),
            *(self.challenge, self.propose, self.vote, self.succeed),
        )
        for _ in range(blocks):
            self.chain.mine()
            for _ in range(self._random.randrange(most + 1)):
                self._random.choice(acts)()
            self._after.append(deepcopy(self.state))

    def undo(self, depth: int, seed: int) -> None:
        """A reorganization, after which other things happen."""
        self.chain.undo(depth)
        del self._after[len(self.chain.blocks) :]
        self.state, self._random = deepcopy(self._after[-1]), random.Random(seed)

    def _begin(self) -> None:
        self.chain.mine()
        for resource, unit in ((1, "fuel"), (2, "<script>alert(1)</script>\u202e GB-day")):
            self._tell("ResourceClassAdded", resource, unit)
        self._tell("RuntimePermitted", 1, 0, b"\x05" * 32)
        self._tell("TermsAdded", 1)
        for _ in range(self._miners):
            self.register()
        self._after.append(deepcopy(self.state))

    # What happens

    def register(self) -> None:
        self.state.miners += 1
        number = self.state.miners
        self._tell("MinerRegistered", number, _account(number), _account(number + 500))
        self._tell("StakeAdded", number, _account(number), 10**24)
        for resource in (1, 2):
            self._tell("ResourceRegistered", number, resource, 1_000_000)
            self.state.offers[number, resource] = {"published": 0, "reserved": 0, "until": 0}
            self._publish(number, resource, 900_000)

    def offer(self) -> None:
        miner, resource = self._random.choice(list(self.state.offers))
        least = self.state.offers[miner, resource]["reserved"]
        self._publish(miner, resource, max(1, least, self._random.randrange(1_000_000)))

    def _publish(self, miner: int, resource: int, units: int) -> None:
        offer, until = self.state.offers[miner, resource], self._now + self._random.randrange(9_999)
        offer["published"], offer["until"] = units, until
        ask = PRICE + self._random.randrange(PRICE)
        self._tell("OfferPublished", miner, resource, units, ask, until, False)

    def withdraw(self) -> None:
        miner, resource = self._random.choice(list(self.state.offers))
        offer = self.state.offers[miner, resource]
        if offer["until"]:
            offer["published"], offer["until"] = offer["reserved"], 0
            self._tell("OfferWithdrawn", miner, resource)

    def confirm(self) -> None:
        self._confirm(self._new_id(), self._requester(), 1 + self._random.randrange(500))

    def _confirm(self, id_: bytes, requester: str, units: int) -> bool:
        miner = 1 + self._random.randrange(self.state.miners)
        offer = self.state.offers[miner, 1]
        if offer["published"] - offer["reserved"] < units:
            return False
        offer["reserved"] += units
        price = PRICE + self._random.randrange(PRICE)
        deadline = self._now + 3_600
        self._tell("RequestConfirmed", id_, miner, requester, 1, units, price, deadline)
        self.state.live.append((id_, miner, units))
        return True

    def post(self) -> None:
        id_, units = self._new_id(), 1 + self._random.randrange(500)
        requester, until = self._requester(), self._now + self._random.randrange(1, 99)
        request = (requester, 0, 1, 0, units, 2 * PRICE, until, 600, 5, b"\x07" * 32, 1, 0, 0, 9)
        self._tell("RequestPosted", id_, requester, 1, request)
        self.state.posted.append((id_, request))

    def confirm_posted(self) -> None:
        if self.state.posted:
            id_, request = self.state.posted[0]
            if self._confirm(id_, request[0], request[4]):
                del self.state.posted[0]

    def cancel(self) -> None:
        if self.state.posted:
            id_, request = self.state.posted.pop()
            self._tell("RequestCancelled", id_, request[0])

    def submit(self) -> None:
        if self.state.live:
            id_, miner, units = self.state.live.pop(0)
            self._tell("ResultSubmitted", id_, miner, b"\x08" * 32, units)
            self.state.submitted.append((id_, miner, units))

    def settle(self) -> None:
        if self.state.submitted:
            self._settle(*self.state.submitted.pop(0))

    def settle_accepted(self) -> None:
        if self.state.live:
            self._settle(*self.state.live.pop(0))

    def _settle(self, id_: bytes, miner: int, units: int) -> None:
        self._free(miner, 1, units)
        paid = units * PRICE
        self._tell("RequestSettled", id_, miner, paid, paid // 100, paid // 2)

    def default(self) -> None:
        if self.state.live:
            id_, miner, units = self.state.live.pop()
            self._slash(id_, miner, units)
            self._tell("RequestDefaulted", id_, miner, units * PRICE)

    def overturn(self) -> None:
        if self.state.frozen:
            id_, miner, units, case = self.state.frozen.pop(0)
            self._tell_court("CaseAdvanced", case, 10, 0, 0)
            self._tell_court("DepositsDivided", case, 10**18, 2, 3 * 10**18, 1, 5)
            self._tell("TrialChanged", id_, miner, 4)
            self._slash(id_, miner, units)
            self._tell("RequestOverturned", id_, miner, 0, 0, 0, 5)

    def _slash(self, id_: bytes, miner: int, units: int) -> None:
        self._free(miner, 1, units)
        self._tell("StakeSlashed", id_, miner, 1, 2, 3)

    def challenge(self) -> None:
        if self.state.submitted:
            id_, miner, units = self.state.submitted.pop()
            case = keccak(id_)
            self._tell("TrialChanged", id_, miner, 1)
            filer = self._requester()
            self._tell_court("ChallengeFiled", case, id_, filer, miner, 0, False, 3, 3, 10**18)
            self._tell_court("CaseAdvanced", case, 2, 0, self._now + 60)
            self._tell_court("JurorDrawn", case, self._requester(), 4, 0, 0)
            self.state.frozen.append((id_, miner, units, case))

    def move_money(self) -> None:
        account = self._requester()
        self._tell("Deposited", account, self._random.randrange(10**20))
        self._tell("Withdrawn", account, account, self._random.randrange(10**18))

    def take_lot(self) -> None:
        miner, units = 1 + self._random.randrange(self.state.miners), 10
        offer = self.state.offers[miner, 2]
        if offer["published"] - offer["reserved"] < units:
            return
        offer["reserved"] += units
        lot, until = self._new_id(), self._now + 600
        quote = (CHANNELS, self._requester(), _account(9), miner, 2, units, 600, 5, until)
        record = (quote, PRICE, self._now, 10**18, 10**16)
        self._tell("LotTaken", CHANNELS, lot, miner, 2, units, PRICE, until)
        self.chain.log(CHANNELS, "ChannelOpened", lot, miner, quote[1], record)
        self.state.lots.append((lot, miner))

    def free_lot(self) -> None:
        if self.state.lots:
            lot, miner = self.state.lots.pop(0)
            self._free(miner, 2, 10)
            payer = self._requester()
            self.chain.log(CHANNELS, "ChannelClosed", lot, miner, payer, 10**17, 99, 1, 9 * 10**17)
            self._tell("LotFreed", CHANNELS, lot, miner)

    def propose(self) -> None:
        number = int.from_bytes(self._new_id(), "big")
        text = self._random.choice(("a fee", "\u202egnp.exe", "\x00"))
        calls = ([MARKET], [0], [""], [b"\x01\x02"])
        begun, ends = self._now + 10, self._now + 100
        who = self._requester()
        self.chain.log(GOVERNOR, "ProposalCreated", number, who, *calls, begun, ends, text)
        self.state.proposals.append(number)

    def vote(self) -> None:
        if self.state.proposals:
            number, weight = self._random.choice(self.state.proposals), self._random.randrange(99)
            vote = (self._requester(), number, self._random.randrange(3), weight, "so be it")
            self.chain.log(GOVERNOR, "VoteCast", *vote)

    def succeed(self) -> None:
        miner = 1 + self._random.randrange(self.state.miners)
        self._tell("MinerSucceeded", miner, _account(self._random.randrange(10_000, 20_000)))

    def _free(self, miner: int, resource: int, units: int) -> None:
        offer = self.state.offers[miner, resource]
        offer["reserved"] -= units
        if not offer["until"]:
            offer["published"] -= units

    def _tell(self, name: str, *values: Any) -> None:
        self.chain.log(MARKET, name, *values)

    def _tell_court(self, name: str, *values: Any) -> None:
        self.chain.log(COURT, name, *values)

    def _new_id(self) -> bytes:
        self.state.made += 1
        return keccak(b"%d %d" % (self.state.made, self._random.randrange(1 << 60)))

    def _requester(self) -> str:
        return _account(1_000 + self._random.randrange(50))

    @property
    def _now(self) -> int:
        return self.chain.blocks[-1].time


def _account(number: int) -> str:
    return f"0x{number:040x}"
