"""What people type, and what it means for what is open for them."""
