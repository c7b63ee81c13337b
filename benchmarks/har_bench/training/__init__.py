"""Accuracy and speed of training, and comparisons with other systems."""
