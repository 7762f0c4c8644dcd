"""A whole market on one machine: chain, contracts, relay, requester, miners; state in a folder.

    with Devnet(Path("devnet"), miners=3) as net:
        client = net.client()

Started again with the same folder it goes on where it was.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import shutil
import signal
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from suanli.base.accounts import Account, Keystore
from suanli.base.locking import held
from suanli.chain import Market, Node, Sender
from suanli.chain import connect as connect_node
from suanli.client import Client, connect, offers
from suanli.deployment import (
    QUICK_TERMS,
    TOKEN,
    GovernanceParameters,
    Parameters,
    execute,
    local_governance,
    local_parameters,
    plan_of,
)
from suanli.deployment.by_sender import SenderChain
from suanli.devnet import chain, figures, jurors, leases, storage
from suanli.devnet.likeness import LocalChain, NetworkLike
from suanli.devnet.processes import SUANLI, Child, DevnetError, answers, own_port
from suanli.engine import runtime_ids, units_per_second
from suanli.engine.host import Pool, served, usable
from suanli.governance import Governor
from suanli.relay import Relays

RESOURCE = 1
CHAIN_PORT, RELAY_PORT = 8545, 8646
DEPLOYER = Account.from_key("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
"""Anvil's first account: the whole world knows its key. It attests identities, too."""
OTHERS = tuple("0x" + digit * 40 for digit in "abc")
"""Guardian, treasury and reward pool; nobody has their keys."""
FEES = LocalChain().fees()
REQUESTER, ATTESTOR = "requester", "attestor"
REQUESTER_TOKENS = 1_000_000
VOTES, REQUESTER_VOTES = 1_000_000 * TOKEN, 5_000_000 * TOKEN
"""For an account, of 100 million voting tokens: the requester's make a quorum."""
CONFIG, RECORD, LOCK, SENT = "config.toml", "devnet.json", "lock", "sent"
PROMETHEUS = "prometheus.yml"


@dataclass(frozen=True)
class DevnetSale:
    """What each miner sells. `capacity` in units, `ask` in tokens per unit, `speed` in units per
    second of a worker; measured when None; `patience`: seconds that an acceptance is waited for."""

    workers: int = 1
    speed: float | None = None
    capacity: int = 5_000_000
    ask: str = "0.02"
    patience: int = 60


def governance() -> GovernanceParameters:
    """The deployer gives its votes away; a decision takes a minute and a half."""
    whole = local_governance([DEPLOYER.address])
    return replace(whole, voting_delay=10, voting_period=60, late_quorum_extension=10, delay=20)


class Devnet:
    """Ends all that it started on leaving, and if it is killed, too (on Linux).

    `wire`, given "chain", "relay" or "relay-2" … and its address, gives the address by which others
    reach it: something that delays, breaks or listens can stand between. Where one of the `ports`
    (chain, first relay) is taken, any free one is used. Without `jurors` a stand-in is the court,
    since nobody would judge, and clients make no deals that nobody judges. The first `leases`
    miners lease rooms of this machine, too, which takes root, and one of them its GPUs; these
    rooms are of the OCI `image`, if one is named. The first `keepers` sell space on its disk. With
    `metrics` relays and daemons tell Prometheus their figures, and its file is in the folder.
    """

    def __init__(
        self,
        folder: Path,
        miners: int = 2,
        sale: DevnetSale | None = None,
        tell: Callable[[str], None] = lambda line: None,
        wire: Callable[[str, str], AbstractContextManager[str]] = lambda _, url: nullcontext(url),
        ports: tuple[int, int] = (CHAIN_PORT, RELAY_PORT),
        jurors: int = 0,
        leases: int = 0,
        keepers: int = 0,
        relays: int = 1,
        image: str = "",
        chain: LocalChain | None = None,
        metrics: bool = False,
    ) -> None:
        self.folder, self.likeness = folder.absolute(), chain or LocalChain()
        self.keys = Keystore(self.folder / "accounts")
        self.sale, self._count, self._tell, self._wire = sale or DevnetSale(), miners, tell, wire
        self._chain_port, self._relay_port, self._jurors = *ports, jurors
        self.leases, self.keepers, self._relays = leases, keepers, relays
        self._image, self.relays, self._metrics = image, list[str](), metrics
        self.measured: dict[str, str] = {}
        """Host and port at which each of them tells its figures, by name."""
        self._ends = ExitStack()
        self.children: dict[str, Child] = {}
        """By name: chain, relays, and the daemons."""
        self._commands: dict[str, tuple[Sequence[str], dict[str, Any]]] = {}
        self._names: dict[str, str] = {}
        self._told: set[Child] = set()

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._ends.enter_context(held(self.folder / LOCK, str(os.getpid()), self._running))
            self._start()
        except BaseException:
            self._ends.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def _running(self, pid: str) -> DevnetError:
        return DevnetError(
            f"a devnet is already running here, pid {pid} ({self.folder}): use that one, or name"
            " another --folder"
        )

    # What others use

    def client(self, **more: Any) -> Client:
        """Connected as the requester."""
        account = self.keys.unlock(REQUESTER, self._passphrase)
        usual: dict[str, Any] = {
            "state": self.folder / "requester",
            "sent": self.folder / SENT,
            "fees": self.likeness.fees(),
            "relay": ",".join(self.relays),
        }
        return connect(self.rpc, market=self.market.address, account=account, **usual | more)

    @property
    def environment(self) -> dict[str, str]:
        """What commands in another terminal need."""
        return {
            "SUANLI_CONFIG": str(self.folder / CONFIG),
            "SUANLI_PASSPHRASE_FILE": str(self._passphrase_file),
        }

    def miner_config(self, number: int) -> Path:
        return self.folder / f"miner-{number}" / "miner.toml"

    def juror_config(self, number: int) -> Path:
        return self.folder / f"juror-{number}" / "juror.toml"

    @property
    def miners(self) -> dict[str, Child]:
        """The daemons by address."""
        return {address: self.children[name] for address, name in self._names.items()}

    def new_account(self, name: str, tokens: int) -> str:
        """The address of a new account with ether, so many tokens, and votes to delegate."""
        stored = self.keys.new(self._passphrase, name)
        self.likeness.give(self._deployer, stored.address, tokens, self.market.address)
        if not isinstance(self.likeness, NetworkLike):
            share = REQUESTER_VOTES if name == REQUESTER else VOTES
            self._deployer.execute(Governor.of(self.market).transfer(stored.address, share))
        return stored.address

    @property
    def _deployer(self) -> Sender:
        return self._sender()

    def _sender(self, confirmations: int = 1) -> Sender:
        fees = self.likeness.fees()
        return Sender(self.node, DEPLOYER, None, fees, confirmations, poll_every=0.01)

    def start(self, name: str, command: Sequence[str], **more: Any) -> Child:
        """A process that writes into `<name>.log` and ends with the devnet; `more`: see Child."""
        child = Child(name, command, self.folder / f"{name}.log", **more)
        self._ends.callback(child.end)
        return child

    def restart(self, name: str) -> None:
        """Start one of the children again. Only from the thread that started it: the kernel ends
        children with their thread."""
        command, more = self._commands[name]
        self._child(name, command, **more)

    def ended_since(self) -> list[Child]:
        """Children that ended since this was asked last."""
        ended = {child for child in self.children.values() if not child.running} - self._told
        self._told |= ended
        return sorted(ended, key=lambda child: child.name)

    # Starting

    def _start(self) -> None:
        self._passphrase_file = self.folder / "passphrase"
        if not self._passphrase_file.exists():
            self._passphrase_file.write_text(secrets.token_hex(16))
            self._passphrase_file.chmod(0o600)
        self._passphrase = self._passphrase_file.read_text()
        self._start_chain()
        self._tell(f"chain     {self.rpc}")
        self._deploy()
        self._tell(f"market    {self.market.address}")
        self._fund()
        for child, url in [self._start_relay(number) for number in range(1, self._relays + 1)]:
            child.wait_until(lambda url=url: answers(f"{url}/v1/info"))  # type: ignore[misc]
            self.relays.append(self._ends.enter_context(self._wire(child.name, url)))
            self._tell(f"relay     {self.relays[-1]}")
        self._tell(f"page      {self.relay}/")
        self._write_config()
        self._start_jurors()
        speed = self._speed()
        for number in range(1, self._count + 1):
            self._start_miner(number, speed)
        for address, child in self.miners.items():
            child.wait_until(lambda miner=address: self._sells(miner), self.likeness.patience)  # type: ignore[misc]
            self._tell(f"{child.name}   {address}")
        if self._metrics:
            path = self.folder / PROMETHEUS
            path.write_text(figures.configuration(self.measured))
            self._tell(f"figures   prometheus --config.file={shlex.quote(str(path))}")
        self.likeness.at_pace(self.node)

    def _sells(self, miner: str) -> bool:
        """Whether requesters see its offer."""
        with closing(Relays.at(self.relays, self.market.domain)) as relay:
            found = offers.from_relay(self.market, relay, RESOURCE, self.node.head().time)
        return any(candidate.miner == miner and candidate.free for candidate in found)

    def _child(self, name: str, command: Sequence[str], **more: Any) -> Child:
        self._commands[name] = command, more
        self.children[name] = self.start(name, command, **more)
        return self.children[name]

    def _start_chain(self) -> None:
        port = self._ends.enter_context(own_port(self._chain_port))
        command = chain.command(self.folder, port, self.likeness)
        self._ends.callback(shutil.rmtree, chain.states_of(self.folder), ignore_errors=True)
        child = self._child("chain", command, ends_by=signal.SIGINT)
        url = f"http://127.0.0.1:{port}"
        child.wait_until(lambda: answers(url))
        self.node: Node = connect_node(url, chain_id=self.likeness.chain_id)
        self._ends.enter_context(self.likeness.kept(url))
        self.rpc = self._ends.enter_context(self._wire("chain", url))

    def _deploy(self) -> None:
        record = self.folder / RECORD
        if record.exists():
            found = json.loads(record.read_text())
            self.market = Market(self.node, found["market"])
            self.channels, self.storage = found["channels"], found["storage"]
            self.market.terms_count()
            return
        plan = plan_of(self._parameters(), DEPLOYER.address)
        addresses = execute(plan, SenderChain(self._sender(self.likeness.confirmations)))
        self.market = Market(self.node, addresses["ComputeMarket"])
        self.channels = addresses.get("PaymentChannels", "").lower()
        self.storage = addresses.get("StorageDeals", "").lower()
        found = {"market": self.market.address, "channels": self.channels, "storage": self.storage}
        record.write_text(json.dumps(found) + "\n")

    def _parameters(self) -> Parameters:
        if isinstance(self.likeness, NetworkLike):
            return self.likeness.settled_in(self._deployer)
        people = [DEPLOYER.address, *OTHERS]
        court, terms = (self.likeness.court, QUICK_TERMS) if self._jurors else (None, None)
        return local_parameters(
            self.likeness.chain_id, people, runtime_ids(), governance(), court, terms
        )

    def _fund(self) -> None:
        """Accounts that are new get what they need."""
        stake = (
            self.market.resource_class(RESOURCE).stake_per_unit * self.sale.capacity // 10**18 + 1
        )
        wanted = {REQUESTER: REQUESTER_TOKENS}
        wanted |= {_name(number): stake for number in range(1, self._count + 1)}
        for number in range(1, self.leases + 1):
            wanted[_name(number)] += leases.TOKENS
        for number in range(1, self.keepers + 1):
            wanted[_name(number)] += storage.TOKENS
        wanted |= jurors.tokens(self._jurors, self._seats, self.likeness.court)
        known = {stored.name for stored in self.keys.list()}
        for name, tokens in wanted.items():
            if name not in known:
                self.new_account(name, tokens)
        if ATTESTOR not in known:
            self.keys.add(DEPLOYER, self._passphrase, ATTESTOR)

    @property
    def relay(self) -> str:
        """The first."""
        return self.relays[0]

    def _start_relay(self, number: int) -> tuple[Child, str]:
        """It, and its URL."""
        name = "relay" if number == 1 else f"relay-{number}"
        port = self._ends.enter_context(own_port(self._relay_port + number - 1))
        url = f"http://127.0.0.1:{port}"
        command = [*SUANLI, "relay", "run", "--rpc", self.rpc, "--port", str(port)]
        command += ["--chain-id", str(self.likeness.chain_id), "--market", self.market.address]
        for operator in ("channels", "storage"):
            if address := getattr(self, operator):
                command += [f"--{operator}", address]
        command += ["--data", str(self.folder / name), *self._measure(name)]
        return self._child(name, command), url

    def _write_config(self) -> None:
        values = {
            "rpc": self.rpc,
            "market": self.market.address,
            "channels": self.channels,
            "storage": self.storage,
            "relay": ",".join(self.relays),
            "account": REQUESTER,
            "accounts": str(self.keys.directory),
            "state": str(self.folder / "requester"),
            "sent": str(self.folder / SENT),
            "min_window": str(QUICK_TERMS.challenge_window),
        }
        _write_toml(self.folder / CONFIG, values)

    def _speed(self) -> float:
        """Units per second of one worker, when all work."""
        workers = self._count * self.sale.workers
        if self.sale.speed is not None or not workers:
            return self.sale.speed or 0.0
        with Pool(workers, runtime=served(usable())[0]) as pool:
            return units_per_second(pool, workers)

    @property
    def _seats(self) -> int:
        """Of each juror."""
        return -(-self.likeness.seats // self._jurors) if self._jurors else 0

    def _start_jurors(self) -> None:
        """Their seats can be drawn at once: the time until then is passed over."""
        if not self._jurors:
            return
        court, patience = jurors.court_of(self.market), self.likeness.patience
        for number in range(1, self._jurors + 1):
            more = {"court": court.address, "relays": self.relays}
            values = more | {"seats": self._seats}
            name = jurors.name_of(number)
            self._daemon("juror", name, self.juror_config(number), values)
        for number in range(1, self._jurors + 1):
            child, data = self.children[jurors.name_of(number)], self.juror_config(number).parent
            child.wait_until(lambda data=data: jurors.is_running(data), patience)  # type: ignore[misc]
            self._tell(f"{child.name}   {self.keys.find(child.name).address}")
        if (wait := jurors.wait_of(court)) > 0:
            self.node.request("evm_increaseTime", wait)
            self.node.request("anvil_mine", "0x1")

    def _start_miner(self, number: int, speed: float) -> None:
        name = _name(number)
        address = self.keys.find(name).address
        values: dict[str, Any] = {
            "relays": self.relays,
            "payout": address,
            "workers": self.sale.workers,
            "capacity": self.sale.capacity,
            "ask": self.sale.ask,
            "patience": self.sale.patience,
            "units_per_second": int(speed),
        }
        self._names[address] = name
        path, tables = self.miner_config(number), leases.swarm(self.channels)
        path.parent.mkdir(exist_ok=True)
        if number <= self.leases:
            port = self._ends.enter_context(own_port(0))
            gpus = leases.gpus_here() if number == 1 else []
            rooms = leases.root_in(path.parent), port, gpus, self._image
            tables += leases.tables(self.channels, *rooms)
        if number <= self.keepers:
            port = self._ends.enter_context(own_port(0))
            tables += storage.table(self.storage, port)
        self._daemon("miner", name, path, values, tables)

    def _daemon(
        self, role: str, name: str, path: Path, values: dict[str, Any], tables: str = ""
    ) -> None:
        """`suanli <role> run` with an account of its own; `tables`: more of its file."""
        path.parent.mkdir(exist_ok=True)
        reaching: dict[str, Any] = {
            "rpc": self.rpc,
            "market": self.market.address,
            "chain_id": self.likeness.chain_id,
            "account": name,
            "poll": 0.5,
            "max_fee_gwei": self.likeness.max_fee,
        }
        _write_toml(path, reaching | values, tables)
        command = [*SUANLI, role, "run", "--config", str(path), *self._measure(name)]
        env = {**self.environment, "SUANLI_ACCOUNTS": str(self.keys.directory)}
        self._child(name, command, env=env)

    def _measure(self, name: str) -> list[str]:
        """Options by which it tells its figures, if they are wanted."""
        if not self._metrics:
            return []
        port = own_port(figures.FIRST_PORT + len(self.measured))
        self.measured[name] = f"127.0.0.1:{self._ends.enter_context(port)}"
        return ["--metrics", self.measured[name]]


def _name(number: int) -> str:
    return f"miner-{number}"


def _write_toml(path: Path, values: dict[str, Any], tables: str = "") -> None:
    # JSON's text and integers are TOML's, too.
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
    path.write_text(lines + tables)
