"""Captions of what is said: their words, lines and times, their files, their letters."""
