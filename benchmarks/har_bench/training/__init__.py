"""Figures of training: accuracy, speed, and the systems compared with."""
