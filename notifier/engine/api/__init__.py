"""What the API reads that no page shows in the same way."""
