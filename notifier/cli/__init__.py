"""Commands: parse arguments, call the engine, print."""
