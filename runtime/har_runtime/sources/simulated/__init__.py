"""A simulated wearer."""
