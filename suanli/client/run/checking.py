"""Carries out what judging a result takes: fetching, running again, signing, keeping evidence."""

from __future__ import annotations

from suanli.client.run.core import instructions as i
from suanli.client.run.core import observations as o
from suanli.client.run.sealing import Sealing
from suanli.client.run.ways import Ways
from suanli.protocol import Acceptance, Leaf, Ref, Signed, sign
from suanli.store import StoreUnavailable
from suanli.verify import (
    ResultRefused,
    fetch_parts,
    fetch_records,
    fetch_tree,
    require_within,
    rerun,
    write_evidence,
)


class Checking:
    def __init__(self, ways: Ways, sealing: Sealing) -> None:
        self._ways, self._session, self._sealing = ways, ways.session, sealing

    def fetch(self, wanted: i.Fetch) -> o.RunObservation:
        record, claim, job = wanted.record, wanted.claim, self._ways.job
        manifest, fetching = job.part(record.tasks), self._sealing.fetching(record)
        fetching.begin()
        leaves: list[Leaf] = []
        good: list[bool] = []
        named: dict[Ref, int] = {}
        try:
            leaves = fetch_tree(fetching, claim, manifest)
            require_within(leaves, claim, manifest, record.request.units)
            found = fetch_records(fetching, leaves, job.salt, manifest.limits)
            for index, left in enumerate(found):
                good.append(left.ok)
                named |= dict.fromkeys(left.refs, index)
            fetch_parts(fetching, named, job.salt)
        except ResultRefused as refused:
            came, away = bool(fetching.fetched), isinstance(refused.__cause__, StoreUnavailable)
            return o.NotFetched(self._now, record.number, claim, refused, leaves, came, away)
        return o.Fetched(self._now, record.number, i.Checked(claim, leaves, good))

    def rerun(self, wanted: i.Rerun) -> o.RunObservation:
        record, job, checked = wanted.record, self._ways.job, wanted.checked
        manifest = job.part(record.tasks)
        right = rerun(job, manifest, checked.leaves, wanted.chosen, self._ways.pool())
        return o.Reran(self._now, record.number, checked, wanted.chosen, right)

    def sign_acceptance(self, wanted: i.SignAcceptance) -> o.RunObservation:
        record, claim, session = wanted.record, wanted.checked.claim, self._session
        message = Acceptance(self._ways.id_of(record), claim.root, claim.units_used)
        signed = sign(session.market.domain, message, session.account, record.request.requester)
        return o.AcceptanceSigned(
            self._now, record.number, wanted.checked, wanted.chosen, signed.signature
        )

    def keep_evidence(self, wanted: i.KeepEvidence) -> o.RunObservation:
        record, refused = wanted.record, wanted.refused
        path = self._ways.folder / "evidence" / f"deal-{record.number}.json"
        signed = Signed(record.request, record.request.requester, record.signature)
        task = None if refused.task is None else record.tasks[refused.task]
        write_evidence(path, signed, wanted.claim, refused, task, wanted.leaves, wanted.right)
        return o.EvidenceKept(self._now, record.number, refused, path, wanted.fault)

    @property
    def _now(self) -> float:
        return self._session.clock()
