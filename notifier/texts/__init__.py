"""Message templates, rendered strictly, per language and channel."""
