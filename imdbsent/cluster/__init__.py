"""`imdbsent predict --engine ray`: Ray Data classifies files of any number and size on any number of machines.

Nothing here is imported unless it is needed; `job` and `ray_io` import Ray.
"""
