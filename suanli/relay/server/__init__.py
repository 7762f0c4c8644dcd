"""The relay's own side: board, blobs, limits."""
