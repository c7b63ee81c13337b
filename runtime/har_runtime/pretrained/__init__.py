"""Pretrained models: NAME.tflite and its card NAME.json."""
