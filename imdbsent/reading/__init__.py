"""From a path, a pipe or arguments to records."""
