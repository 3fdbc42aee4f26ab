"""The sandbox's own HTTP face: control for tests and demos, and the page of phones."""
