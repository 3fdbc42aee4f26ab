"""Pure rules: values and functions of (state, event, now). Standard library only."""
