"""What may be asked of linked data, and how an engine answers it."""
