"""A take from its speech to its frames, window by window."""
