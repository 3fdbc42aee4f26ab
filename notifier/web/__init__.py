"""The HTTP face: webhooks, health, metrics, and the page that says what this is."""
