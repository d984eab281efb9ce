"""The networks that can be trained, one module each."""
