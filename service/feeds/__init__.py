"""News feeds in: where they are, how they are fetched, read and polled."""
