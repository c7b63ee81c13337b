"""Cost and robustness of the streaming runtime."""
