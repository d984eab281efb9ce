"""The flagship's recipe: a transformer is taught by the labeled reviews, and teaches the LSTM that ships."""
