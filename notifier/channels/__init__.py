"""Carriers: provider wire formats to domain values and back."""
