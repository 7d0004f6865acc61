"""A stand-in for the provider of texts."""
