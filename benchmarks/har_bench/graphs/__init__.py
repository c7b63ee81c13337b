"""Model files as graphs, and what is counted in them."""
