"""`python -m suanli`: the command line, for those who start it from Python."""

from suanli.cli import main

main()
