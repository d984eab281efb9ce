"""Training: recipes, architectures, the loop, and the export to a bundle. The only package that imports Keras."""
