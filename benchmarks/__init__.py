"""Measurements: ratios between ways of doing the same thing in the same run, never bare times."""
