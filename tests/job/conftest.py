import pytest

from tests.job.doubles import Folder


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)
