"""Weights: where they lie, what they are called, how they come onto a device."""
