"""Make Brownie on a local chain several times faster; for tests only."""

import gc

from brownie import web3


def speed_up() -> None:
    """Drop what costs time and tells a test nothing. Call once, after connecting.

    - Every revert to a snapshot calls `gc.collect()`; frozen objects are not walked (100 ms).
    - web3's validation asks for the chain id before every request.
    - `requests` reads proxies and .netrc from the environment for every request.
    """
    gc.freeze()
    if "validation" in web3.middleware_onion:
        web3.middleware_onion.remove("validation")
    sessions = web3.provider._request_session_manager
    sessions.cache_and_return_session(web3.provider.endpoint_uri).trust_env = False
