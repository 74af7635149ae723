"""Who tells people and programs outside? A process of its own, far from data and keys."""
