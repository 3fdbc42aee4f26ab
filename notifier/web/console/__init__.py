"""The console: pages rendered here, for whoever has signed in."""
