"""What is done with whole models: list, install, export, remove them, and choose the default one."""
