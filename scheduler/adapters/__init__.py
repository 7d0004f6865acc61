"""The ports' real and embedded adapters; each knows one thing outside and no other adapter."""
