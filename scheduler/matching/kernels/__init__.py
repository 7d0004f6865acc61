"""Inner loops over arrays, compiled on first use; loaded only when a plan is asked for."""
