"""What is said to people: templates per language and channel, and how they are fitted to a message."""
