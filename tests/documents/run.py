"""Which blocks tests/documents/test_run.py types: by document, how the blocks begin."""

from tests.documents.printed import Block

RUN = {
    "README.md": ("suanli devnet",),
    "docs/identity.md": ("suanli identity show",),
    "docs/jobs.md": ("suanli job check job.toml",),
    "docs/mining.md": ("suanli account new me",),
    "docs/privacy.md": ("suanli job run job.toml",),
    "docs/requesting.md": ("suanli job estimate", "suanli case list"),
    "docs/upgrades.md": ("suanli runtime list",),
    "examples/README.md": ("cd examples/queens",),
    "examples/kmeans/README.md": ("./train.sh", "tail -n +2"),
    "examples/kmers/README.md": ("suanli job run --local",),
    "examples/python-pi/README.md": ("suanli job run --local",),
    "examples/queens/README.md": ("suanli job run --local",),
    "examples/raytrace/README.md": ("suanli job run --local",),
    "examples/wordcount/README.md": ("suanli job run --local",),
}


def is_typed(block: Block) -> bool:
    return block.language == "bash" and block.text.startswith(RUN.get(block.document, ()))
