"""Who carries questions from the queue to their answers? One process, ``python -m tre.worker``."""
