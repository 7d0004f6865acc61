"""The independent checker of day plans: shares no code with the engine or the other benchmarks."""
