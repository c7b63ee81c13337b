"""The phone app Sensor Logger, which pushes its samples by HTTP."""
