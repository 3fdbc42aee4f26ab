"""The JSON API: what programs see and do, by the same scopes and through the same engine as the console."""
