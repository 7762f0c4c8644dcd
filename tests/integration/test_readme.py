"""README's console session works as printed."""

import doctest
import re
from pathlib import Path

import brownie
import pytest

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.mark.chain
def test_console_session() -> None:
    sessions = re.findall(r"```pycon\n(.*?)```", README.read_text(), re.DOTALL)
    console = {name: getattr(brownie, name) for name in brownie.__all__}
    test = doctest.DocTestParser().get_doctest("".join(sessions), console, "README", None, 0)
    assert len(test.examples) > 10
    output: list[str] = []

    doctest.DocTestRunner().run(test, out=output.append)

    assert not output, "".join(output)
