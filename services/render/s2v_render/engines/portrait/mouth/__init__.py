"""What an open mouth shows, and how lips close over it."""
