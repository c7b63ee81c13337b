"""Answers to an MQTT broker and to Home Assistant."""
