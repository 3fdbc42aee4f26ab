"""The demo evening, told through the real engine."""
