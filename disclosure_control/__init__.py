"""What may leave: mathematics on tables, without web, database or engine."""
