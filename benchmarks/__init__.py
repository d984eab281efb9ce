"""Benchmarks: each module prints the figures that the documents quote, beside something run at the same time."""
