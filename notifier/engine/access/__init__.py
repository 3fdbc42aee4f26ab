"""Who comes in to the console, and what he may see and do there."""
