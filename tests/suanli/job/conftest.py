import pytest

from tests.harness.doubles import Folder


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)
