#!/usr/bin/env python3
"""The project's compiler as Slither needs it: the syntax tree only, no code.

Quicker, and sources written for the IR pipeline, which Slither can't ask for, can't fail here with
"stack too deep". Slither reads the fields of the code all the same, so they come back empty.
"""

import json
import subprocess
import sys

SOLC = ".cache/solcx/solc-v0.8.30"
NO_CODE = {"object": "", "sourceMap": ""}


def main() -> None:
    if "--standard-json" not in sys.argv:
        sys.exit(subprocess.run([SOLC, *sys.argv[1:]], check=False).returncode)
    request = json.load(sys.stdin)
    request["settings"]["outputSelection"] = {"*": {"*": ["abi"], "": ["ast"]}}
    answer = subprocess.run(
        [SOLC, *sys.argv[1:]],
        input=json.dumps(request),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    output = json.loads(answer.stdout)
    for contracts in output.get("contracts", {}).values():
        for contract in contracts.values():
            contract["evm"] = {"bytecode": NO_CODE, "deployedBytecode": NO_CODE}
    json.dump(output, sys.stdout)


if __name__ == "__main__":
    main()
