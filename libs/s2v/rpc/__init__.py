"""How services talk: servers, channels, errors, logs, settings, and messages to values."""
