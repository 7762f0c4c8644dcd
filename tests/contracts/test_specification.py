"""docs/SPECIFICATION.md and the tests name the same sentences, and its defaults are the code's.

That each sentence is cited by a test that passed, `tests/harness/citations.py` sees.
"""

import ast
import re
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from suanli.deployment import TOKEN, local_parameters
from suanli.protocol import PRESETS
from tests.harness.citations import SENTENCES, TEXT, UNCITED, Citations
from tests.harness.evm import CHAIN_ID, ROOT, account


def citations() -> Iterator[tuple[str, bool, list[str]]]:
    """Where each function stands that cites, whether it checks something, what it cites."""
    for path in sorted((ROOT / "tests").rglob("*.py")):
        tree = ast.parse(path.read_text())
        functions = {n.name: n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
        for name, function in functions.items():
            found = [
                number
                for mark in function.decorator_list
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.spec"
                for number in map(ast.unparse, mark.args)
            ]
            if found:
                where = f"{path.relative_to(ROOT)}:{name}"
                yield where, checks_something(function, functions), found


def checks_something(function: ast.FunctionDef, functions: dict[str, ast.FunctionDef]) -> bool:
    """It asserts, expects an error, or calls a function of its module that does."""
    nodes = list(ast.walk(function))
    called = {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}
    if any(isinstance(node, ast.Assert) for node in nodes) or called & EXPECTING:
        return True
    inner = {name: each for name, each in functions.items() if each is not function}
    return any(checks_something(inner[name], inner) for name in called & inner.keys())


EXPECTING = {"reverts", "pytest.raises"}
FOUND = list(citations())
CITED = {ast.literal_eval(n) for *_, found in FOUND for n in found if not n.startswith("*")}


def test_each_test_that_cites_checks_something():
    assert [where for where, checks, _ in FOUND if not checks] == []


def test_sentences_are_numbered_in_order():
    numbers = [tuple(map(int, sentence.split("."))) for sentence in SENTENCES]
    sections = re.findall(r"^## (\d+)\. ", TEXT, re.MULTILINE)
    assert [int(section) for section in sections] == list(range(1, len(sections) + 1))
    assert {section for section, _ in numbers} == set(map(int, sections))
    for section in map(int, sections):
        places = [place for chapter, place in numbers if chapter == section]
        assert places == list(range(1, len(places) + 1))


def test_each_sentence_is_cited_by_a_test():
    assert sorted(set(SENTENCES) - CITED) == sorted(UNCITED)


def test_each_citation_is_of_a_sentence():
    assert set(SENTENCES) >= CITED


def test_references_within_the_document_exist():
    """Whatever looks like a number of a sentence is one; quantities begin with a zero."""
    assert set(re.findall(r"(?<![\d.,])([1-9]\d*\.\d+)", TEXT)) <= set(SENTENCES)


PARAMETERS = local_parameters(CHAIN_ID, [account(str(number)) for number in range(10)])


def days(seconds: int) -> str:
    count = seconds // 86_400
    return f"{count} day{'s' * (count != 1)}"


def tokens(*prices: int) -> str:
    return ", ".join(f"{price / TOKEN:g}" for price in prices) + " token"


def sizes(*sizes: int) -> str:
    return ", ".join(
        f"{size >> 30} GiB" if size >= 1 << 30 else f"{size >> 20} MiB" if size else "0"
        for size in sizes
    )


def defaults() -> dict[tuple[str, str], str]:
    """What the tables should say, by table and parameter."""
    terms, classes = PARAMETERS.terms, PARAMETERS.classes
    prices = [each.price for each in classes]
    assert {price.preset for price in prices} == {"excess-demand"}
    assert PRESETS["excess-demand"] == (0, -1, 1)
    return {
        ("market", "unbondingDelay"): days(PARAMETERS.unbonding_delay),
        ("class", "kind"): ", ".join("leased" if each.leased else "judged" for each in classes),
        ("class", "floor"): tokens(*(each.floor for each in classes)),
        ("class", "stakePerUnit"): tokens(*(each.stake_per_unit for each in classes)),
        ("class", "maxTaskUnits"): ", ".join(f"{each.max_task_units:,}" for each in classes),
        ("class", "maxTaskMemory"): sizes(*(each.max_task_memory for each in classes)),
        ("class", "maxTaskBytes"): sizes(*(each.max_task_bytes for each in classes)),
        ("class", "unitSeconds"): ", ".join(f"{each.unit_seconds:,}" for each in classes),
        ("linear price model", "base"): tokens(*(price.base for price in prices)),
        ("linear price model", "weights"): "(0, −α, α), α = "
        + tokens(*(price.alpha for price in prices)),
        ("linear price model", "floor`, `cap"): ", ".join(
            f"{price.floor / TOKEN:g} to {price.cap / TOKEN:g}" for price in prices
        )
        + " token",
        ("terms record", "feeBps"): f"{terms.fee_bps:,}",
        ("terms record", "challengeWindow"): days(terms.challenge_window),
        ("terms record", "verdictBy"): days(terms.verdict_by),
        ("terms record", "releaseBps"): f"{terms.release_bps:,}",
        ("terms record", "defaultBps"): f"{terms.default_bps:,}",
        ("terms record", "overturnBps"): f"{terms.overturn_bps:,}",
        ("terms record", "compensationCap"): tokens(terms.compensation_cap),
        ("terms record", "courtBps"): f"{terms.court_bps:,}",
    }


@pytest.mark.parametrize(
    ("table", "parameter", "default"), [(*key, value) for key, value in defaults().items()]
)
@pytest.mark.spec("10.1")
def test_defaults_are_those_of_the_deployment(table, parameter, default):
    (rows,) = re.findall(rf"^\| of (?:the|a) {table} \|.*\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    (found,) = re.findall(rf"^\| `{re.escape(parameter)}` \|.*\| (.*) \|$", rows, re.MULTILINE)
    assert found == default


def session(*reports: tuple[str, str]) -> SimpleNamespace:
    """A run of the whole suite in which a test of each sentence but these passed."""
    config = SimpleNamespace(
        args_source=pytest.Config.ArgsSource.TESTPATHS,
        option=SimpleNamespace(keyword="", markexpr="not deep"),
        getoption=lambda *_: False,
    )
    found = Citations(config)
    outcomes = dict.fromkeys(SENTENCES, "passed") | dict(reports)
    for number, outcome in outcomes.items():
        report = SimpleNamespace(
            when="call", passed=outcome == "passed", user_properties=[("spec", number)]
        )
        found.pytest_runtest_logreport(report)
    run = SimpleNamespace(exitstatus=pytest.ExitCode.OK)
    found.pytest_sessionfinish(run)
    return run


def test_a_run_fails_if_no_test_that_passed_cites_a_sentence():
    assert session().exitstatus == pytest.ExitCode.OK
    assert session(("6.1", "skipped")).exitstatus == pytest.ExitCode.TESTS_FAILED
