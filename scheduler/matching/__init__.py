"""The engine: who may, who can, when and why; values in, results out, no input or output."""
