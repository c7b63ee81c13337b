"""From samples as a sensor gives them to the windows that a model is fed."""
