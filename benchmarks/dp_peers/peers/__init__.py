"""One file a system: it reads the tasks, and says what it answered and how long that took."""
