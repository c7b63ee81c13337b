"""How good a model is on people it never saw."""
