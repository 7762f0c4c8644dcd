"""Whether a result is what it claims: nothing of it is believed. For clients and jurors.

First everything is fetched: list of leaves, output records, outputs; each must have the digest that
commits to it, and the leaves the root and the sum that are claimed. Then tasks that are drawn are
run again.
"""

from suanli.model import break_even, chance
from suanli.verify.audit import drawn, expected_reruns, rerun
from suanli.verify.claims import CLAIMS, left_claim
from suanli.verify.errors import FolderFailed, ResultRefused, VerifyError
from suanli.verify.evidence import write_evidence
from suanli.verify.fetching import Fetching
from suanli.verify.judging import DataMissing, Disputed, NotRunnable, TracedLeaf, run_disputed
from suanli.verify.leaves import fetch_leaves, fetch_tree, require_within
from suanli.verify.outputs import fetch_output, fetch_parts, fetch_records, left_in

__all__ = [
    "CLAIMS",
    "DataMissing",
    "Disputed",
    "Fetching",
    "FolderFailed",
    "NotRunnable",
    "ResultRefused",
    "TracedLeaf",
    "VerifyError",
    "break_even",
    "case_words",
    "chance",
    "drawn",
    "expected_reruns",
    "fetch_leaves",
    "fetch_output",
    "fetch_parts",
    "fetch_records",
    "fetch_tree",
    "left_claim",
    "left_in",
    "require_within",
    "rerun",
    "run_disputed",
    "write_evidence",
]
