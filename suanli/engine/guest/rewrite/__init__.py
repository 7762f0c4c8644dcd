"""Rewrite a module, before it is compiled, so that it counts its own fuel.

`decode` cuts bodies into instructions, `metering` puts the counting between them, `encode` has what
it puts there, `module` goes through the sections. What each instruction costs is in
`suanli.engine.prices`, because a runtime id covers it.
"""
