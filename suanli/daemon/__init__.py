"""What daemons share: a lane for work, clocks, locks."""
