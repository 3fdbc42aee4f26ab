"""What the console's pages show, and what they let somebody do."""
