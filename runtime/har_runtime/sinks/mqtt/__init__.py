"""Answers to an MQTT broker, and through it to Home Assistant."""
