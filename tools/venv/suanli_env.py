"""Start-up hook of this checkout's virtual environment; `make setup` copies it into site-packages.

Every Python process of the environment then finds the checkout's compiler and chains without the
user setting a variable, and Brownie, once imported, is mended by `suanli_brownie`.
"""

import os
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder
from pathlib import Path

ROOT = Path(sys.prefix).resolve().parent
BINARIES = (
    ROOT / "node_modules" / "@foundry-rs" / "anvil-linux-amd64" / "bin",
    ROOT / "node_modules" / ".bin",
)


def set_environment():
    """Let py-solc-x and Brownie find the compiler, Anvil and Ganache of this checkout."""
    os.environ.setdefault("SOLCX_BINARY_PATH", str(ROOT / ".cache" / "solcx"))
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    missing = [str(folder) for folder in BINARIES if str(folder) not in path]
    os.environ["PATH"] = os.pathsep.join([*missing, *path])


class BrownieFinder(MetaPathFinder):
    """Run `suanli_brownie.MENDS[name]` on a Brownie module as soon as it has been imported."""

    def find_spec(self, name, path, target=None):
        if not name.startswith("brownie."):
            return None
        import suanli_brownie  # late: other processes need not load it

        mend = suanli_brownie.MENDS.get(name)
        spec = PathFinder.find_spec(name, path) if mend else None
        if spec is None:
            return None
        execute = spec.loader.exec_module

        def execute_and_mend(module):
            execute(module)
            mend(module)

        spec.loader.exec_module = execute_and_mend
        return spec


set_environment()
sys.meta_path.insert(0, BrownieFinder())
