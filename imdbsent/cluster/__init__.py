"""`imdbsent predict --engine ray`: files of any number and size, classified by Ray Data on however many machines.

Nothing here is imported before the engine is asked for; `source`, `sink` and `job` import Ray.
"""
