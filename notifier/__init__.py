"""notifier: keeps posts manned by calling along the chain of succession until somebody answers."""
