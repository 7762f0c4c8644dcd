"""Rewrite a module, before it is compiled, so that it counts its own fuel.

`decode` cuts bodies into instructions, `metering` puts the counting between them, `encode` has what
it puts there, `module` goes through the sections. What each instruction costs is in
`suanli.engine.prices`, because a runtime id covers it. For the portable runtime, `nans` finds where
bits of NaNs show, by what `effects` says of instructions, and `canonical` has what makes them
canonical there.
"""
