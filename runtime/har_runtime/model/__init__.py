"""A model file, its card, and the libraries that run it."""
