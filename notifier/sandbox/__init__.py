"""Local stand-ins for the carriers, and the page of phones. They know only HTTP."""
