"""A month in an hour: miners, jurors, relays and requesters by a clock that runs 720 times faster.

`clock` makes the commands' days short, `town` is the market, `life` what happens in it, `growth`
judges what it takes, `money` where every base unit is.
"""
