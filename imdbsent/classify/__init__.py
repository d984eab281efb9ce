"""From records to predictions: the classifier, the engine it runs on, and its worker processes."""
