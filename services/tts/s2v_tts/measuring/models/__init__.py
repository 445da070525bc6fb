"""The network that hears speech, as package data; README.md says where it comes from."""
