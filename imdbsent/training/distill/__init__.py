"""The flagship's recipe: a transformer is taught by the labelled reviews, and teaches the LSTM that ships."""
