"""WASI preview 1, deterministic and in memory.

`tree` is the file system, `world` the calls on plain values, `calls` their form in the guest's
memory, `link` the connection to wasmtime. Nothing here reads the host's files, clock, random
source, network or environment.
"""
