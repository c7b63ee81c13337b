"""The phone app phyphox."""
