"""The flagship: a BiLSTM over segments of a review, taught by stronger and larger models than it is itself."""
