"""Formats a model is stored in: skops with our own list of trusted types, ONNX where it agrees, else a pickle."""
