"""The `s2v` command: make films, run the services, look at jobs."""
