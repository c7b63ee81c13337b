"""Answers in files: JSON lines or a CSV table."""
