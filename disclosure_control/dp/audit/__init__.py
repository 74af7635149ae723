"""Is the noise that leaves the noise that is claimed? From outputs alone."""
