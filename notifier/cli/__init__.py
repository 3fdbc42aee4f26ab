"""The shell commands, thin."""
