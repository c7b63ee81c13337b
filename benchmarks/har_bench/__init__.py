"""What a model costs and how good it is, measured by scripts that write JSON."""
