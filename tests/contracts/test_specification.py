"""docs/SPECIFICATION.md and the tests name the same sentences, and its defaults are the code's.

A test cites the sentences that it would find broken after its `def`: `# SPEC 5.6, 6.4`.
"""

import re

import pytest

from suanli.deployment import TOKEN, local_parameters
from suanli.protocol import PRESETS
from tests.harness.evm import CHAIN_ID, ROOT, account

TEXT = (ROOT / "docs" / "SPECIFICATION.md").read_text()
SENTENCES = re.findall(r"^(?:\| )?(\d+\.\d+) ", TEXT, re.MULTILINE)

UNCITED = {
    "1.1": "defines a word",
    "1.2": "defines a word",
    "1.5": "defines a word",
    "11.1": "is about the chain, not the market",
    "11.5": "says that the list is complete",
}


def citations() -> set[str]:
    """The numbers cited by the functions of all tests."""
    texts = [path.read_text() for path in (ROOT / "tests").rglob("*.py")]
    lists = re.findall(r"[)\w]:  # SPEC (.+)$", "\n".join(texts), re.MULTILINE)
    return {number for found in lists for number in found.split(", ")}


def test_sentences_are_numbered_in_order():
    numbers = [tuple(map(int, sentence.split("."))) for sentence in SENTENCES]
    sections = re.findall(r"^## (\d+)\. ", TEXT, re.MULTILINE)
    assert [int(section) for section in sections] == list(range(1, len(sections) + 1))
    assert {section for section, _ in numbers} == set(map(int, sections))
    for section in map(int, sections):
        places = [place for chapter, place in numbers if chapter == section]
        assert places == list(range(1, len(places) + 1))


def test_each_sentence_is_cited_by_a_test():
    assert sorted(set(SENTENCES) - citations()) == sorted(UNCITED)


def test_each_citation_is_of_a_sentence():
    assert citations() <= set(SENTENCES)


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
def test_defaults_are_those_of_the_deployment(table, parameter, default):  # SPEC 10.1
    (rows,) = re.findall(rf"^\| of (?:the|a) {table} \|.*\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    (found,) = re.findall(rf"^\| `{re.escape(parameter)}` \|.*\| (.*) \|$", rows, re.MULTILINE)
    assert found == default
