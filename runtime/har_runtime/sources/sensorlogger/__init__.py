"""The phone app Sensor Logger."""
