"""How good and how fast are others at the same tasks? Each in an environment of its own."""
