"""How well the unknown is told from the known."""
