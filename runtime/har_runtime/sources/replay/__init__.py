"""Recordings in a file."""
