"""Start-up hook of this checkout's virtual environment; `make setup` copies it into site-packages.

Every Python process of the environment then finds the checkout's compiler and chains (py-solc-x,
Anvil, Ganache) without the user setting a variable.
"""

import os
import sys
from pathlib import Path

ROOT = Path(sys.prefix).resolve().parent
BINARIES = (
    ROOT / "node_modules" / "@foundry-rs" / "anvil-linux-amd64" / "bin",
    ROOT / "node_modules" / ".bin",
)

os.environ.setdefault("SOLCX_BINARY_PATH", str(ROOT / ".cache" / "solcx"))
search_path = os.environ.get("PATH", os.defpath).split(os.pathsep)
missing = [str(folder) for folder in BINARIES if str(folder) not in search_path]
os.environ["PATH"] = os.pathsep.join([*missing, *search_path])
