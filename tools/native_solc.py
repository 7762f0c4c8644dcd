"""Download the native compiler for py-solc-x: python tools/native_solc.py VERSION COMMIT."""

import sys
from functools import partial

import requests
import solcx

CONNECT_AND_READ_SECONDS = (3, 20)


def main(version: str, commit: str) -> int:
    # py-solc-x sets no timeout; a firewall that drops packets would hold set-up for minutes.
    requests.get = partial(requests.get, timeout=CONNECT_AND_READ_SECONDS)
    solcx.install_solc(version)
    found = solcx.wrapper.get_version_str_from_solc_binary(solcx.install.get_executable(version))
    return 0 if found == f"{version}+commit.{commit}" else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
