"""Bytes kept on miners' disks for days: sealed copies, their trees, both sides."""

# Names alone, as in the package above.
__all__ = ["deal", "keeper", "owner", "sealing", "shelf", "talk", "tree"]
