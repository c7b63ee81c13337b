"""Counts the instructions of one inference, which do not depend on what else the machine does."""
