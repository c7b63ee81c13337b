"""Training and evaluation of user-generalising activity recognition (MultiSupConHAR, Sensors 2025, 25(22):6988)."""
