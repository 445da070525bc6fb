"""Turn speech and a reference into clips."""
