"""A portrait to try things with: NASA's photograph of Eileen Collins, public domain."""
