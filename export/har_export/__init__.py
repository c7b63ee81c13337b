"""From a trained checkpoint to the files people embed."""
