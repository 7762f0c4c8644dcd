"""What all tests share.

Most tests run without a chain: plain Python, or contracts inside the process
(`tests/harness/evm.py`). Brownie's plugin compiles what changed and offers its fixtures; a chain
starts only if a collected test uses one of them or carries the marker `chain`.
`pytest -p no:pytest-brownie tests/suanli/engine` leaves Brownie out altogether, compiling included.

`pytest -n auto` runs on all cores, each process with session fixtures and a chain of its own; run
`make compile` before it when a contract changed.
"""

import atexit
import gc
import os
import shutil
import tempfile
from unittest import mock

import hypothesis.extra.pytestplugin  # noqa: F401 - Brownie's plugin takes it for imported
import pytest
from hypothesis import settings

from tests.harness import older
from tests.harness.citations import Citations

# Tests run side by side, and beside somebody's console: never on a fixed port.
os.environ.setdefault("SUANLI_CHAIN_PORT", "auto")
# Chains of tests look alike, and so do their accounts: daemons on them must not meet in one folder.
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="suanli-state-")
atexit.register(shutil.rmtree, os.environ["XDG_STATE_HOME"], ignore_errors=True)
os.environ["SUANLI_RUNTIMES"] = tempfile.mkdtemp(prefix="suanli-runtimes-")
atexit.register(shutil.rmtree, os.environ["SUANLI_RUNTIMES"], ignore_errors=True)

# The quick run is the same every time; the deep one (`make test-deep`) explores.
base = settings.get_profile("default")  # Brownie has loaded a profile of its own
settings.register_profile("quick", base, deadline=None, derandomize=True, max_examples=100)
settings.register_profile("deep", base, deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("quick")


@pytest.fixture(scope="session")
def former(tmp_path_factory: pytest.TempPathFactory) -> older.Older:
    """A former version, installed, with its runtimes in a folder of their own."""
    return older.made(tmp_path_factory.mktemp("former"))


def needs_chain(item: pytest.Item) -> bool:
    """Whether the test carries the marker `chain` or uses a fixture made by Brownie."""
    if item.get_closest_marker("chain"):
        return True
    definitions = item._fixtureinfo.name2fixturedefs.values()
    return any(
        definition.func.__module__ == "brownie.test.fixtures"
        for group in definitions
        for definition in group
    )


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config):
    if config.pluginmanager.has_plugin("pytest-brownie") and not config.getoption("--update"):
        from tests.harness.brownie_speed import fingerprint_no_tests

        fingerprint_no_tests()


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config):
    config.pluginmanager.register(Citations(config))
    # Brownie takes -q for -v: Hypothesis would print its examples, which takes 20 times longer.
    if config.option.verbose < 0:
        settings.load_profile(config.option.hypothesis_profile or "quick")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item):
    """Brownie takes and leaves lines where this Hypothesis has text, which pytest can't show."""
    if isinstance(text := getattr(item, "hypothesis_report_information", None), str):
        item.hypothesis_report_information = text.split("\n")
    report = yield
    report.sections = [
        (name, content if isinstance(content, str) else "\n".join(content))
        for name, content in report.sections
    ]
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session):
    """What is collected stays until the end: to walk it as garbage takes 20 s here, more later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_finish(session: pytest.Session):
    """Keep Brownie, which connects at the end of this hook, from starting a chain for nothing."""
    if not session.config.pluginmanager.has_plugin("brownie-core"):
        return (yield)
    if not any(needs_chain(item) for item in session.items):
        with mock.patch("brownie.network.connect"):
            return (yield)
    result = yield
    from tests.harness.brownie_speed import speed_up

    speed_up()
    return result


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object):
    """Give each process half of the tests, and who is done first what another has left.

    Brownie's plugin would share out whole files, and wait for the longest in the end.
    """
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)
