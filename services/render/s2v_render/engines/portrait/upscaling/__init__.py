"""Faces that are too small, made larger by a super-resolution network."""
