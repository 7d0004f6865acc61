"""Tests of the benchmarks: the checker, the days that are made, the peers, the table."""
