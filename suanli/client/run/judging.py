"""What a miner says its result is: asked for, fetched, checked, then accepted or refused."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial

from suanli.base import strict_json
from suanli.client.events import Corrected, Event, PartRefused, TaskDone, Trouble
from suanli.client.ledger import Kept, Part, Stage
from suanli.client.run.context import Context
from suanli.engine import Result
from suanli.protocol import (
    ZERO_DIGEST,
    Acceptance,
    Claim,
    Deal,
    InvalidMessage,
    Leaf,
    Ref,
    Signed,
    State,
    sign,
    signed_from_json,
    verify,
)
from suanli.relay import RelayError
from suanli.store import open_regular
from suanli.verify import (
    Fetching,
    ResultRefused,
    drawn,
    fetch_leaves,
    fetch_output,
    fetch_parts,
    fetch_records,
    rerun,
    write_evidence,
)

SUBMITTED = (State.SUBMITTED, State.CHALLENGED, State.SETTLEABLE, State.SETTLED)
"""States in which a result may stand on the chain."""
IN_TIME = (State.CONFIRMED, State.SUBMITTED)
"""States in which a fetch that gets on, if slowly, is let go on."""
MAX_CLAIM = 64 << 10
"""Bytes of what a miner leaves beside the blobs."""
Judged = Generator[Event, None, Part]
"""Events, then the part as it is now."""


class Judge:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._fetching = Fetching(context.store, context.job.blobs, context.sleep)
        self._missed: dict[int, float] = {}
        """By part: since when something of its result can't be fetched."""
        self._said: set[int] = set()
        """Parts of which it was told that something can't be fetched."""
        self._asked: dict[int, bool] = {}
        """By part: whether everybody who may know of a result answered when asked last."""
        self._late: dict[int, float] = {}
        """By part: when it was first looked at after its deadline."""

    def judge(self, part: Part, state: State, deal: Deal) -> Judged:
        """Look for a confirmed part's result, and check it."""
        claim = self._claim(part, deal)
        if claim is not None:
            return (yield from self._check(part, state, claim))
        if state in SUBMITTED:
            refused = ResultRefused("withheld", "nobody has its list of leaves")
            if self._is_final(part, refused):
                return (yield from self._refuse(part, refused))
        return part

    def compare(self, part: Part, deal: Deal) -> Judged:
        """Whether an accepted part's miner submitted what was accepted; if not, it is refused. The
        results stay: they were checked."""
        submitted = (deal.root, deal.units_used)
        if not any(deal.root) or submitted == (part.root, part.units_used):
            return part
        why = (
            f"another result was submitted than the one accepted: {deal.units_used} units, not"
            f" {part.units_used}"
        )
        id_ = self._context.id_of(part)
        claim = Claim(part.miner, 0, id_, deal.root, deal.units_used, ZERO_DIGEST)
        return (yield from self._refuse(part, ResultRefused("wrong", why), claim))

    def gives_up(self, part: Part) -> bool:
        """Whether after the deadline it is clear that nothing will come: everybody was asked, or
        could not be asked for a while; and no data are awaited."""
        context, now = self._context, self._context.clock()
        since = self._late.setdefault(part.number, now)
        missed = self._missed.get(part.number)
        if missed is not None and now - missed <= context.options.patience:
            return False
        return self._asked.get(part.number, False) or now - since > context.options.patience

    # What the miner says

    def _claim(self, part: Part, deal: Deal) -> Claim | None:
        """The miner's result, as told to the relay or left beside the blobs."""
        self._asked[part.number] = True
        for claim in self._told(part):
            submitted = (deal.root, deal.units_used)
            bound = not any(deal.root) or (claim.root, claim.units_used) == submitted
            if claim.miner == part.miner and bound:
                return claim
        return None

    def _told(self, part: Part) -> Iterator[Claim]:
        context = self._context
        request_id, domain = context.id_of(part), context.market.domain
        if context.results is not None:
            with suppress(OSError, ValueError, InvalidMessage):
                # Miners write there: what they leave may be no file, or have no end.
                with open_regular(context.results / f"0x{request_id.hex()}.json") as file:
                    signed = signed_from_json(Claim, strict_json.loads(file.read(MAX_CLAIM)))
                if signed.message.request == request_id and verify(domain, signed):
                    yield signed.message
        if context.relay is not None:
            try:
                yield from context.relay.claims(request_id)
            except RelayError:
                self._asked[part.number] = False

    # Whether it is right

    def _check(self, part: Part, state: State, claim: Claim) -> Judged:
        context = self._context
        manifest = context.job.part(part.tasks)
        fetching, salt = self._fetching, context.job.salt
        fetching.begin()
        leaves: list[Leaf] = []
        good: list[bool] = []
        named: dict[Ref, int] = {}
        try:
            leaves = fetch_leaves(fetching, claim, manifest, part.request.units)
            records = fetch_records(fetching, leaves, salt, manifest.limits)
            for index, record in enumerate(records):
                good.append(record.ok)
                named |= dict.fromkeys(record.refs, index)
            fetch_parts(fetching, named, salt)
        except ResultRefused as refused:
            if fetching.fetched and state in IN_TIME:
                self._missed.pop(part.number, None)
            if refused.kind == "withheld" and part.number not in self._said:
                self._said.add(part.number)
                yield Trouble(f"deal {part.number}: its result can't be fetched: {refused.why}")
            if self._is_final(part, refused):
                part = yield from self._refuse(part, refused, claim, leaves)
            return part
        of_job = len(context.job.manifest.tasks)
        chosen = drawn(context.secret, part.number, part.tasks, part.audit, good, of_job)
        # Where two miners differ one is wrong.
        chosen = sorted({*chosen, *self._contradicting(part, leaves)})
        right: Mapping[int, Leaf] = {}
        if chosen:
            right = rerun(context.job, manifest, leaves, chosen, context.pool())
        if right:
            first = min(right)
            why = f"task {part.tasks[first]} run again leaves something else"
            wrong = ResultRefused("wrong", why, first)
            return (yield from self._refuse(part, wrong, claim, leaves, right))
        return (yield from self._accept(part, claim, leaves, good, chosen))

    def _accept(
        self,
        part: Part,
        claim: Claim,
        leaves: Sequence[Leaf],
        good: Sequence[bool],
        chosen: Sequence[int],
    ) -> Judged:
        """Keep the results and sign the acceptance."""
        context = self._context
        acceptance = Acceptance(context.id_of(part), claim.root, claim.units_used)
        signed = sign(context.market.domain, acceptance, context.account, part.request.requester)
        known = context.ledger.results()
        corrected = self._contradicting(part, leaves)
        part = context.ledger.accept(
            part,
            [
                Kept(part.tasks[leaf.index], part.number, leaf, leaf.index in chosen, ok)
                for leaf, ok in zip(leaves, good, strict=True)
            ],
            stage=Stage.ACCEPTED,
            root=claim.root,
            units_used=claim.units_used,
            acceptance=signed.signature,
        )
        for leaf, ok in zip(leaves, good, strict=True):
            task, audited = part.tasks[leaf.index], leaf.index in chosen
            if task not in known:
                read = partial(self._read, leaf)
                yield TaskDone(task, part.miner, leaf.units, audited, ok, read)
            elif leaf.index in corrected:
                yield Corrected(task, part.miner)
        return part

    def _contradicting(self, part: Part, leaves: Sequence[Leaf]) -> set[int]:
        """Which leaves differ from results that were accepted before."""
        known = self._context.ledger.results()
        return {
            leaf.index
            for leaf in leaves
            if (kept := known.get(part.tasks[leaf.index])) and not kept.leaf.agrees(leaf)
        }

    def _read(self, leaf: Leaf) -> Result:
        job = self._context.job
        return fetch_output(job.blobs, leaf, job.salt, job.manifest.limits)

    def _is_final(self, part: Part, refused: ResultRefused) -> bool:
        """What is withheld may come yet: only after a while is it refused."""
        context = self._context
        since = self._missed.setdefault(part.number, context.clock())
        return refused.kind == "wrong" or context.clock() - since > context.options.patience

    def _refuse(
        self,
        part: Part,
        refused: ResultRefused,
        claim: Claim | None = None,
        leaves: Sequence[Leaf] = (),
        right: Mapping[int, Leaf] | None = None,
    ) -> Judged:
        context = self._context
        path = context.folder / "evidence" / f"part-{part.number}.json"
        signed = Signed(part.request, part.request.requester, part.signature)
        task = None if refused.task is None else part.tasks[refused.task]
        write_evidence(path, signed, claim, refused, task, leaves, right)
        part = context.ledger.update(part, stage=Stage.REFUSED, refused=str(refused))
        yield PartRefused(part.number, part.miner, refused.kind, refused.why, path)
        return part
