"""A log that others can check: whatever is in it stays in it, and nothing is served beside it."""
