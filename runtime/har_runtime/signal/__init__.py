"""From a sensor's samples to a model's windows."""
