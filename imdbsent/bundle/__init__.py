"""One model on disk: its card, its files, and the check of what may run."""
