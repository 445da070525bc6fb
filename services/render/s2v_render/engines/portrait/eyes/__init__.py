"""Lids that shut and brows that rise."""
