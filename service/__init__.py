"""iscore in service: score headlines, keep them, rank them, serve the list."""
