"""Speech to video: what the four services, the command line and clients share."""
