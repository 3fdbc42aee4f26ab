"""What comes in: stored raw, read, understood, answered. Fetch and answer are two loops of their own."""
