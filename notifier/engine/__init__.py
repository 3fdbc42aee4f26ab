"""What makes the rules run: plan, watch, apply, send, intake."""
