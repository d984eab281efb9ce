"""Millions of records: several processes at work, and a run that goes on where another one stopped."""
