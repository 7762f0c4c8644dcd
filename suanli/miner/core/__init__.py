"""What a miner decides: pure, events in and instructions out."""
