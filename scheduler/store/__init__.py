"""The database: models by aggregate, types, named queries and the one way to write."""
