"""What is measured, each by `make bench`: a table, and bench.json. Nothing here is a test."""
