"""What does a person see? Pages: permission, form, act of the journey, redirect."""
