"""The systems of the paper's Table 3, one module each, and the parts that they share with the paper's own method."""
