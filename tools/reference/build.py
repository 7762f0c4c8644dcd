"""The reference: what the packages' surfaces and the contracts' interfaces say of themselves.

`make reference` writes reports/reference/ with pdoc, from `__all__` and docstrings, and the NatSpec
of interfaces/ out of Brownie's build. A warning of pdoc fails, as does the name of something that
is not there.
"""

from __future__ import annotations

import importlib
import inspect
import re
import shutil
import sys
import typing
import warnings
from pathlib import Path

import pdoc
from jinja2 import pass_context
from jinja2.runtime import Context
from pdoc import extract, render
from pdoc.render_helpers import to_markdown_with_context

from suanli.base.version import VERSION
from tools.reference.contracts import write_contracts
from tools.reference.names import broken_names

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "reports" / "reference"
MODULES = (
    "suanli",
    "suanli.python",
    "suanli.client",
    "suanli.job",
    "suanli.schedule",
    "suanli.engine",
    "suanli.store",
    "suanli.verify",
    "suanli.reputation",
    "suanli.lease",
    "suanli.relay",
    "suanli.chain",
    "suanli.chain.generated.events",
    "suanli.chain.generated.errors",
    "suanli.protocol",
    "suanli.governance",
    "suanli.deployment",
    "suanli.devnet",
    "suanli.simulate",
    "suanli.base.accounts",
    "suanli.base.amounts",
    "suanli.base.errors",
)
"""What programs import, nearest first. Daemons are run by commands, which say --help."""
INSIDE = (
    "suanli.deployment.by_sender",
    "suanli.engine.host.holders",
    "suanli.engine.host.installed",
    "suanli.engine.host.packages",
    "suanli.engine.host.packing",
    "suanli.engine.wire",
    "suanli.lease.host",
    "suanli.lease.sandbox",
    "suanli.lease.storage.keeper",
    "suanli.lease.storage.shelf",
    "suanli.lease.storage.talk",
    "suanli.lease.swarm.config",
    "suanli.lease.swarm.link",
    "suanli.lease.swarm.opening",
    "suanli.lease.swarm.purses",
    "suanli.lease.wire",
    "suanli.python.program",
    "suanli.relay.server",
    "suanli.simulate.picture",
)
"""Surfaces that daemons and commands alone use."""
SPECS = (*MODULES, *(f"!{name}" for name in INSIDE))


def load() -> None:
    """Import all, with what is loaded only when it is asked for."""
    for name in extract.walk_specs(SPECS):
        module = importlib.import_module(name)
        for public in getattr(module, "__all__", ()):
            if hasattr(module, public):
                setattr(module, public, getattr(module, public))
    for module in [each for name, each in sys.modules.items() if name.startswith("suanli")]:
        for found in vars(module).values():
            if isinstance(found, type) and issubclass(found, tuple) and hasattr(found, "_fields"):
                # `__new__` of a NamedTuple does not say in which module its types are.
                found.__new__.__annotations__ = typing.get_type_hints(found)


@pass_context
def to_markdown(context: Context, docstring: str) -> str:
    """pdoc's, but arguments explained in a line each (`` `name`: … ``) become a list, and documents
    links."""
    listed = re.sub(r"(?:\A|(?<=[.:])\n)(?=`[\w*, `]+`: )", "\n\n- ", docstring)
    root = "../" * (context["module"].modulename.count(".") + 2)
    linked = re.sub(r"(?<!`)\bdocs/[\w-]+\.md\b", rf"[\g<0>]({root}\g<0>)", listed)
    return to_markdown_with_context(context, linked)


def build(out: Path) -> list[str]:
    """Write the pages; returns what is wrong with them."""
    load()
    shutil.rmtree(out, ignore_errors=True)
    render.configure(
        docformat="google",  # for "Raises:"; the rest is Markdown
        show_source=False,
        footer_text=f"Suanli {VERSION}",
        template_directory=Path(__file__).with_name("templates"),
    )
    render.env.filters["to_markdown"] = to_markdown
    render.env.globals["modules"] = MODULES
    contracts = write_contracts(ROOT / "build" / "interfaces", out / "contracts")
    render.env.globals["contracts"] = contracts
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # What other packages use that is going away is theirs to mend.
        warnings.simplefilter("ignore", DeprecationWarning)
        pdoc.pdoc(*SPECS, output_directory=out)
    told = [str(warning.message) for warning in caught]
    return told + undocumented() + broken_names(out, ROOT)


def undocumented() -> list[str]:
    """Classes and functions of the surfaces without a docstring of their own. Those made from the
    contracts have what the contracts say."""
    found = []
    for name in MODULES:
        module = importlib.import_module(name)
        for public in getattr(module, "__all__", ()):
            thing = getattr(module, public, None)
            if not inspect.isclass(thing) and not inspect.isfunction(thing):
                continue
            made = thing.__module__ == "suanli.protocol.views"
            # A record without one is given its signature.
            if not made and (not thing.__doc__ or thing.__doc__.startswith(f"{public}(")):
                found.append(f"{name}.{public} has no docstring")
    return found


def main() -> None:
    wrong = build(OUT)
    if wrong:
        sys.exit("\n".join(f"reference: {each}" for each in wrong))
    print(f"reference: {OUT.relative_to(ROOT) / 'index.html'}")


if __name__ == "__main__":
    main()
