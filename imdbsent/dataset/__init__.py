"""The IMDB reviews: find, download and read them, count their words, export them as a table."""
