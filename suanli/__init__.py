"""Suanli: the Python side of a decentralized compute market."""

__version__ = "0.1.0"
