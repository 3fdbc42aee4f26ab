"""The ways to reach people: each translates between one provider and the domain's values."""
