"""What a juror writes down, and for how long."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from suanli.juror import journal as journals
from suanli.juror.core import JurorChanges
from suanli.juror.journal import Assessed, JurorJournal
from suanli.protocol import Assessment


def test_of_seats_long_past_only_how_often_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "MOST_ASSESSED", 2)
    path = tmp_path / "journal.sqlite"
    right, wrong = list(Assessment)[:2]
    with closing(JurorJournal(path)) as journal:
        for number in [*range(5), *range(5)]:  # all is read anew from the beginning
            how = wrong if number == 1 else right
            seats = [Assessed(bytes([number]) * 32, 1, how, 10 + number)]
            journal.save(JurorChanges(), 2 * seats)  # read twice, it counts once
        assert journal.assessments() == {right: 4, wrong: 1}
        assert len(journal._database.rows("SELECT * FROM assessed")) == 2
