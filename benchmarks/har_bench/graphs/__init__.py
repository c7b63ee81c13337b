"""Model files as graphs, and counts of their operations."""
