"""Accepted jobs: waiting, running, over crashes, to their end."""
