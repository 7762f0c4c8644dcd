"""Carries out what placing tasks takes: offers, terms, signatures, deposits."""

from __future__ import annotations

from dataclasses import replace

from suanli.chain import Block
from suanli.client.run.core import instructions as i
from suanli.client.run.core import observations as o
from suanli.client.run.ways import Ways
from suanli.protocol import sign
from suanli.verify import fetch_output


class Buying:
    """`head`: the newest block of this round."""

    def __init__(self, ways: Ways) -> None:
        self._ways, self._session = ways, ways.session
        self.head: Block | None = None

    def read_outputs(self, wanted: i.ReadOutputs) -> o.RunObservation:
        job = self._ways.job
        first = [
            fetch_output(job.blobs, kept.leaf, job.salt, job.manifest.limits)
            for kept in wanted.first
        ]
        return o.OutputsRead(self._session.clock(), first)

    def read_offers(self, wanted: i.ReadOffers) -> o.RunObservation:
        session, head = self._session, self.head
        assert head is not None
        verifier = session.verifier(wanted.options)
        offers = session.candidates(wanted.options, head, verifier)
        need = session.need(self._ways.job.manifest, wanted.options, head, verifier)
        return o.OffersRead(session.clock(), wanted.purpose, wanted.number, offers, need)

    def read_terms(self, wanted: i.ReadTerms) -> o.RunObservation:
        session = self._session
        terms = session.terms(wanted.options)
        slashed = terms.slashed(session.resource(wanted.options).stake_per_unit)
        epoch = session.market.epoch_of(session.requester)
        resource, manifest = wanted.options.resource, self._ways.job.manifest
        return o.TermsRead(
            session.clock(),
            wanted.placement,
            wanted.assignments,
            terms,
            slashed,
            epoch,
            session.runtime_index(resource, manifest.runtime),
        )

    def promise(self, wanted: i.Promise) -> o.RunObservation:
        session, name = self._session, self._ways.id
        funds, domain = session.funds, session.market.domain
        records = [
            replace(
                r, signature=sign(domain, r.request, session.account, session.requester).signature
            )
            for r in wanted.records
        ]
        with funds.alone:
            if funds.require(name, wanted.amount):
                # Miners would wait in vain for a deposit that is too dear now.
                session.sender.fees.now(session.market.node)
            promises = {self._ways.id_of(r): (r.lock, r.request.confirm_by) for r in records}
            funds.promise(name, promises)
        return o.Promised(session.clock(), wanted.placement, records)

    def deposit(self, wanted: i.Deposit) -> None:
        self._session.funds.make_available(self._ways.id, wanted.amount)
