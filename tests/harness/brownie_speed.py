"""Make Brownie on a local chain several times faster; for tests only."""

from brownie import web3
from brownie.test.managers import base


def speed_up() -> None:
    """Drop what costs time and tells a test nothing. Call once, after connecting.

    - web3's validation asks for the chain id before every request.
    - `requests` reads proxies and .netrc from the environment for every request.
    """
    if "validation" in web3.middleware_onion:
        web3.middleware_onion.remove("validation")
    sessions = web3.provider._request_session_manager
    sessions.cache_and_return_session(web3.provider.endpoint_uri).trust_env = False


def fingerprint_no_tests() -> None:
    """Only `--update` compares the tests' syntax trees, which takes 10 s in each process."""
    base._get_ast_hash = lambda path: ""
