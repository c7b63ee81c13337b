"""Answers in files: one JSON object or one CSV row each."""
