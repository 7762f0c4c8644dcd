"""A node's answers, checked and typed: what breaks the protocol is refused, not passed on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from suanli.chain.errors import BadAnswer, RpcError, WrongChain
from suanli.chain.reaching import transport_of
from suanli.chain.transport import Retrying, Transport
from suanli.chain.web3_transport import Web3Like, Web3Transport

BlockName = int | str
"""A block's number, or "latest", "pending", "earliest", "safe", "finalized"."""


@dataclass(frozen=True)
class Block:
    """A block's header. `time` in seconds since 1970, `base_fee` in wei per gas, `parents`: the
    parent chain's number, where contracts see that one (Arbitrum)."""

    number: int
    hash: bytes
    parent: bytes
    time: int
    base_fee: int | None
    parents: int | None = None

    @property
    def evm_number(self) -> int:
        """What contracts see as `block.number`."""
        return self.number if self.parents is None else self.parents


@dataclass(frozen=True)
class Log:
    """One log of a mined transaction; `index` is its place in the block, `time` the block's, if the
    node tells it with its logs."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block: int
    block_hash: bytes
    transaction: str
    index: int
    time: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Receipt:
    """What became of a mined transaction. `gas_price` in wei; `contract`: the one it created."""

    transaction: str
    block: int
    block_hash: bytes
    succeeded: bool
    gas_used: int
    gas_price: int
    logs: tuple[Log, ...]
    contract: str | None = None

    @property
    def cost(self) -> int:
        """Wei paid for gas."""
        return self.gas_used * self.gas_price


class Node:
    """A chain's node, through any transport.

    All methods raise TransportError, RpcError or BadAnswer.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._required: int | None = None

    def request(self, method: str, *params: Any) -> Any:
        """The unchecked answer to any question."""
        return self.transport.request(method, params)

    def chain_id(self) -> int:
        """The one required, if one was, so that no later answer makes us sign for another."""
        return self._number("eth_chainId") if self._required is None else self._required

    def require_chain(self, chain_id: int) -> None:
        """Raise WrongChain unless the node serves this one."""
        found = self._number("eth_chainId")
        if found != chain_id:
            raise WrongChain(found, chain_id)
        self._required = chain_id

    def block(self, which: BlockName = "latest") -> Block | None:
        """A header; None if there is no such block (yet)."""
        method = "eth_getBlockByNumber"
        answer = self.request(method, _block_name(which), False)
        if answer is None:
            return None
        field = _Fields(method, answer)
        base_fee = field.number("baseFeePerGas") if field.has("baseFeePerGas") else None
        block = Block(
            field.number("number"),
            field.hash("hash"),
            field.hash("parentHash"),
            field.number("timestamp"),
            base_fee,
            field.count("l1BlockNumber") if field.has("l1BlockNumber") else None,
        )
        if isinstance(which, int) and block.number != which:
            raise BadAnswer(method, f"block {block.number} is not block {which}")
        return block

    def head(self) -> Block:
        """The newest block."""
        block = self.block("latest")
        if block is None:
            raise BadAnswer("eth_getBlockByNumber", "the chain has no newest block")
        return block

    def call(
        self,
        to: str | None,
        data: bytes,
        sender: str | None = None,
        block: BlockName = "latest",
        value: int = 0,
        gas: int = 0,
    ) -> bytes:
        """What a call would return, changing nothing. A revert is an RpcError with data. `gas`: the
        most it may take; 0: what the node allows."""
        question = _transaction(to, data, sender, value)
        question |= {"gas": hex(gas)} if gas else {}
        return _bytes("eth_call", self.request("eth_call", question, _block_name(block)))

    def estimate_gas(
        self,
        to: str | None,
        data: bytes,
        sender: str,
        block: BlockName = "latest",
        value: int = 0,
    ) -> int:
        """Gas that a transaction would use; if it would revert, an RpcError with data."""
        question = _transaction(to, data, sender, value)
        return self._number("eth_estimateGas", question, _block_name(block))

    def balance(self, account: str) -> int:
        """Wei."""
        return self._number("eth_getBalance", account, "latest")

    def nonce(self, account: str, block: BlockName = "latest") -> int:
        """How many transactions the account has sent; "pending" counts those not mined yet."""
        return self._number("eth_getTransactionCount", account, _block_name(block))

    def code(self, account: str, block: BlockName = "latest") -> bytes:
        """Of a contract; empty for an account with a key, or nobody."""
        return _bytes("eth_getCode", self.request("eth_getCode", account, _block_name(block)))

    def first_block_of(self, contract: str) -> int:
        """The first block that holds a contract's code, by halving; 0 where the node has forgotten
        old ones."""
        first, last = 0, self.head().number
        try:
            while first < last:
                middle = (first + last) // 2
                if self.code(contract, middle):
                    last = middle
                else:
                    first = middle + 1
        except RpcError:
            return 0
        return first

    def priority_fee(self) -> int | None:
        """Wei per gas that the node would tip; None if it does not say."""
        try:
            return self._number("eth_maxPriorityFeePerGas")
        except RpcError:
            return None

    def send_raw(self, raw: bytes) -> None:
        """Hand over a signed transaction. Its hash is computed here, not believed."""
        self.request("eth_sendRawTransaction", "0x" + raw.hex())

    def knows(self, transaction: str) -> bool:
        """Whether the transaction is mined or waits to be."""
        return self.request("eth_getTransactionByHash", transaction) is not None

    def receipt(self, transaction: str) -> Receipt | None:
        """None while the transaction is not mined."""
        method = "eth_getTransactionReceipt"
        answer = self.request(method, transaction)
        # A node may show a receipt before the block it belongs to.
        if answer is None or (isinstance(answer, dict) and answer.get("blockHash") is None):
            return None
        field = _Fields(method, answer)
        if field.text("transactionHash").lower() != transaction.lower():
            raise BadAnswer(method, "it is another transaction's")
        status = field.number("status")
        if status not in (0, 1):
            raise BadAnswer(method, f"status {status} means nothing")
        return Receipt(
            transaction,
            field.number("blockNumber"),
            field.hash("blockHash"),
            status == 1,
            field.number("gasUsed"),
            field.number("effectiveGasPrice") if field.has("effectiveGasPrice") else 0,
            tuple(_logs(method, field.list("logs"))),
            field.address("contractAddress") if field.has("contractAddress") else None,
        )

    def logs(
        self,
        address: str | Sequence[str],
        first: int,
        last: int,
        topics: Iterable[bytes] = (),
        ids: Iterable[bytes] = (),
    ) -> tuple[Log, ...]:
        """Logs of a contract, or of several, in blocks `first` to `last`, in order; of these topics
        only, if any, and with one of `ids` as the second topic, if there are any.

        Logs of other blocks, contracts or topics, and the same one twice, are refused: BadAnswer.
        """
        method = "eth_getLogs"
        wanted = [f"0x{topic.hex()}" for topic in topics]
        asked = {one.lower() for one in ([address] if isinstance(address, str) else address)}
        question: dict[str, Any] = {
            "address": address if isinstance(address, str) else sorted(asked),
            "fromBlock": hex(first),
            "toBlock": hex(last),
        }
        named = [f"0x{id_.hex()}" for id_ in ids]
        if wanted or named:
            question["topics"] = [wanted or None, named] if named else [wanted]
        answer = self.request(method, question)
        if not isinstance(answer, list):
            raise BadAnswer(method, "it is not a list")
        logs = sorted(_logs(method, answer), key=lambda log: (log.block, log.index))
        for log in logs:
            if log.address not in asked or not first <= log.block <= last:
                raise BadAnswer(method, "a log is not what was asked for")
            if wanted and (not log.topics or f"0x{log.topics[0].hex()}" not in wanted):
                raise BadAnswer(method, "a log has another topic than asked for")
            if named and (len(log.topics) < 2 or f"0x{log.topics[1].hex()}" not in named):
                raise BadAnswer(method, "a log has another topic than asked for")
        if len({(log.block, log.index) for log in logs}) != len(logs):
            raise BadAnswer(method, "two logs have the same place")
        return tuple(logs)

    def _number(self, method: str, *params: Any) -> int:
        return _number(method, self.request(method, *params))


def connect(where: str | Web3Like, chain_id: int | None = None, timeout: float = 10.0) -> Node:
    """A node at a URL or behind a web3.py provider or `Web3`, questions asked again when no answer
    comes. Several URLs, with commas between, are used in turn when one fails.

    Raises:
        WrongChain: it serves another chain than `chain_id`, if that is given.
        TransportError: it can't be reached.
    """
    asked = (
        transport_of(where, timeout) if isinstance(where, str) else Web3Transport(where, timeout)
    )
    node = Node(Retrying(asked))
    if chain_id is not None:
        node.require_chain(chain_id)
    return node


def _block_name(which: BlockName) -> str:
    return hex(which) if isinstance(which, int) else which


def _transaction(to: str | None, data: bytes, sender: str | None, value: int) -> dict[str, Any]:
    fields = {"to": to, "from": sender, "value": hex(value) if value else None}
    return {"data": "0x" + data.hex()} | {key: text for key, text in fields.items() if text}


def _logs(method: str, answer: Sequence[Any]) -> Iterable[Log]:
    for item in answer:
        field = _Fields(method, item)
        if field.has("removed") and item["removed"] is True:
            raise BadAnswer(method, "a log is marked as removed")
        yield Log(
            field.address("address"),
            tuple(_hash(method, topic) for topic in field.list("topics")),
            _bytes(method, field.text("data")),
            field.number("blockNumber"),
            field.hash("blockHash"),
            field.text("transactionHash"),
            field.number("logIndex"),
            field.number("blockTimestamp") if field.has("blockTimestamp") else None,
        )


class _Fields:
    """The fields of a JSON object, each checked when it is taken."""

    def __init__(self, method: str, answer: Any) -> None:
        if not isinstance(answer, Mapping):
            raise BadAnswer(method, "it is not an object")
        self._method, self._answer = method, answer

    def has(self, name: str) -> bool:
        return self._answer.get(name) is not None

    def text(self, name: str) -> str:
        value = self._answer.get(name)
        if not isinstance(value, str):
            raise BadAnswer(self._method, f"{name} is missing or no text")
        return value

    def number(self, name: str) -> int:
        return _number(self._method, self.text(name))

    def count(self, name: str) -> int:
        """A number that some nodes write as JSON's."""
        value = self._answer.get(name)
        return value if type(value) is int and value >= 0 else self.number(name)

    def hash(self, name: str) -> bytes:
        return _hash(self._method, self.text(name))

    def address(self, name: str) -> str:
        value = self.text(name).lower()
        if len(_bytes(self._method, value)) != 20:
            raise BadAnswer(self._method, f"{name} is no address")
        return value

    def list(self, name: str) -> Sequence[Any]:
        value = self._answer.get(name)
        if not isinstance(value, list):
            raise BadAnswer(self._method, f"{name} is missing or no list")
        return value


def _bytes(method: str, value: Any) -> bytes:
    if isinstance(value, str) and value.startswith("0x"):
        try:
            return bytes.fromhex(value[2:])
        except ValueError:
            pass
    raise BadAnswer(method, "it is not in hexadecimal")


def _hash(method: str, value: Any) -> bytes:
    data = _bytes(method, value)
    if len(data) != 32:
        raise BadAnswer(method, "a hash has not 32 bytes")
    return data


def _number(method: str, value: Any) -> int:
    if isinstance(value, str) and value.startswith("0x"):
        try:
            number = int(value, 16)
        except ValueError:
            pass
        else:
            if 0 <= number < 1 << 256:
                return number
    raise BadAnswer(method, "a number is not in hexadecimal")
