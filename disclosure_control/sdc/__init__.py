"""The exact track: rules on true counts decide what is hidden."""
