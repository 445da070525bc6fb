"""Samples of voices: taken out of what a client sent, looked into, judged."""
