"""The workers that render takes: Ray actors, their pool and their cluster."""
