"""Sensors of Linux's Industrial I/O subsystem."""
