"""Roster tables and settings files, read into domain values and written back."""
