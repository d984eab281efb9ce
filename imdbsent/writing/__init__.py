"""From predictions to where they go: terminal, files, pipes."""
