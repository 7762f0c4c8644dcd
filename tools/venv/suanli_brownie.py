"""What eth-brownie 1.22.2 gets wrong and how it is mended.

`make setup` copies this module into site-packages and makes `brownie/__init__.py` import it last.
"""

import json
import os
import socket
import sys
import time
from functools import wraps

from brownie import _config, network
from brownie.network import contract, rpc
from brownie.network.state import Chain
from brownie.project.main import Project
from web3.exceptions import TransactionNotFound


def free_port():
    """A TCP port on loopback that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def in_use(port):
    """Whether something listens on the loopback port."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


def chain_port(configured):
    """The port for a chain that Brownie is about to start.

    Brownie attaches without a word to whatever listens on the configured port. Here it gets
    another one then. The environment's SUANLI_CHAIN_PORT overrides this: `auto` always takes a
    free port (tests and demo, which may run side by side), a number is used as it is, so that
    attaching to one's own chain stays possible.
    """
    wish = os.environ.get("SUANLI_CHAIN_PORT", "")
    if wish == "auto":
        return free_port()
    if wish.isdigit():
        return int(wish)
    if wish:
        raise ValueError(f"SUANLI_CHAIN_PORT is {wish!r}: set it to a port number, to auto, or not")
    if not in_use(configured):
        return configured
    port = free_port()
    print(
        f"Port {configured} is in use: the local chain starts on port {port}. "
        f"To attach to what runs there: SUANLI_CHAIN_PORT={configured}",
        file=sys.stderr,
    )
    return port


def choosing_port(set_active_network):
    """Choose the port when a development network becomes the active one."""

    @wraps(set_active_network)
    def wrapped(self, id_=None):
        network = self.networks.get(id_ or self.settings["networks"]["default"], {})
        settings = network.get("cmd_settings") if "cmd" in network else None
        if settings and "port" in settings and not rpc.is_active():
            settings["port"] = chain_port(settings["port"])
        return set_active_network(self, id_)

    return wrapped


def saying_why(connect):
    """End a command with one line, not a traceback, if its network can't be used."""

    @wraps(connect)
    def wrapped(network=None, launch_rpc=True):
        try:
            return connect(network, launch_rpc)
        except KeyError:
            problem = f"there is no network {network!r}: see `brownie networks list`"
        except ValueError as error:
            if "environment variable" not in str(error):
                raise
            problem = f"{error}: set it, or name another network"
        if _config.CONFIG.argv["cli"] not in ("run", "console"):
            raise ValueError(problem)
        sys.exit(f"brownie: {problem}")

    return wrapped


def same_length(address, expected, language):
    """Stand in for Brownie's byte-for-byte comparison, which contracts with immutables fail.

    They would lose their source map: no traces, no coverage, no `dev:` strings.
    """
    return len(contract.web3.eth.get_code(address)) == len(expected.removeprefix("0x")) // 2


def patient(get):
    """Ask for a transaction again, for a second.

    Anvil counts a sender's transaction a moment before it shows it. Brownie, which looks at the
    count first, takes it for dropped then.
    """

    @wraps(get)
    def wrapped(*args, **kwargs):
        for _ in range(10):
            try:
                return get(*args, **kwargs)
            except TransactionNotFound:
                time.sleep(0.1)
        return get(*args, **kwargs)

    return wrapped


def forgetting(load):
    """Forget what was compiled of contracts that are gone: Brownie looks for their sources.

    It keeps them as long as something that was compiled depends on them, as if they were of another
    project, and fails when one of them inherited from what changed.
    """

    @wraps(load)
    def wrapped(self, *args, **kwargs):
        for path in self._build_path.glob("contracts/*.json"):
            source = json.loads(path.read_text()).get("sourcePath", "")
            if source.startswith("contracts/") and not (self._path / source).exists():
                path.unlink()
        return load(self, *args, **kwargs)

    return wrapped


def unless_over(add):
    """Nothing is told of a chain that was ended meanwhile.

    A thread prepares each transaction's undoing. At a program's end Brownie ends the chain first,
    and the thread's failure would look like the program's.
    """

    @wraps(add)
    def wrapped(*args, **kwargs):
        try:
            return add(*args, **kwargs)
        except Exception:
            if rpc.is_active():
                raise

    return wrapped


def unwrap(method):
    """The method without Brownie's warning that only `chain` should call it.

    The warning comes with `chain`'s own calls too, and finding it out walks the whole stack.
    """
    return method.__closure__[0].cell_contents


_config.ConfigContainer.set_active_network = choosing_port(
    _config.ConfigContainer.set_active_network
)
Project.load = forgetting(Project.load)
network.connect = saying_why(network.connect)
contract._verify_deployed_code = same_length
Chain._add_to_undo_buffer = unless_over(Chain._add_to_undo_buffer)
for name in ("get_transaction", "get_transaction_receipt"):
    setattr(contract.web3.eth, name, patient(getattr(contract.web3.eth, name)))
# The default False hides what `--silent` and test mode ask for; None leaves it to them.
for method in (contract.ContractTx.__call__, contract._ContractMethod.transact):
    method.__kwdefaults__["silent"] = None
for name in ("sleep", "mine", "snapshot", "revert"):
    setattr(type(rpc), name, unwrap(getattr(type(rpc), name)))
