"""What the juror's tests share."""

from collections.abc import Iterator

import pytest

from suanli.engine.host import Pool


@pytest.fixture(scope="session")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    with Pool(1, cache=tmp_path_factory.mktemp("modules")) as pool:
        yield pool
