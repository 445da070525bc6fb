"""Speak with voice files of Piper that a user has."""

from s2v_tts.backends.piper.backend import PiperBackend

__all__ = ["PiperBackend"]
