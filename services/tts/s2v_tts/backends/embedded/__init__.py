"""Speak American English on a CPU with hibari-tts, whose weights lie inside its wheel."""

from s2v_tts.backends.embedded.backend import EmbeddedBackend

__all__ = ["EmbeddedBackend"]
