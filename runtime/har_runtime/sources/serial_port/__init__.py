"""Sensors on a serial port: WitMotion, and boards that print lines."""
