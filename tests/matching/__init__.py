"""The engine against independent answers."""
