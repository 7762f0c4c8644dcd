"""What eth-brownie 1.22.2 gets wrong and how it is mended: one function per module it changes."""

import os
import socket
import sys
from functools import wraps


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
    if wish:
        return int(wish)
    if not in_use(configured):
        return configured
    port = free_port()
    print(
        f"Port {configured} is in use: the local chain starts on port {port}. "
        f"To attach to what runs there: SUANLI_CHAIN_PORT={configured}",
        file=sys.stderr,
    )
    return port


def mend_config(module):
    """Choose the port when a development network becomes the active one."""
    original = module.ConfigContainer.set_active_network

    @wraps(original)
    def set_active_network(self, id_=None):
        network = self.networks.get(id_ or self.settings["networks"]["default"], {})
        settings = network.get("cmd_settings") if "cmd" in network else None
        rpc = sys.modules.get("brownie.network.rpc")
        running = rpc is not None and rpc.Rpc().is_active()
        if settings and "port" in settings and not running:
            settings["port"] = chain_port(settings["port"])
        return original(self, id_)

    module.ConfigContainer.set_active_network = set_active_network


def mend_contract(module):
    """Keep the source map of contracts with immutables, whose bytes differ from the artefact's.

    Without it a contract has no traces, no coverage and no `dev:` strings.
    """

    def same_length(address, expected, language):
        deployed = module.web3.eth.get_code(address)
        return len(deployed) == len(expected.removeprefix("0x")) // 2

    module._verify_deployed_code = same_length


def mend_test_base(module):
    """Import what Brownie takes from Hypothesis and a current Hypothesis no longer imports."""
    import hypothesis.extra.pytestplugin  # noqa: F401


MENDS = {
    "brownie._config": mend_config,
    "brownie.network.contract": mend_contract,
    "brownie.test.managers.base": mend_test_base,
}
