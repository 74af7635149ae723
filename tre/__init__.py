"""The service: people, projects, datasets, budgets and outputs, and the path of a query."""
