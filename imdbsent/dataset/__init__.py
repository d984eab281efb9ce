"""The IMDB reviews: where they are, what they say, and how Keras numbers their words."""
