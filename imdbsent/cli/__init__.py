"""The command line. Each command has two halves: one that parses and renders, one that works and can be imported."""
