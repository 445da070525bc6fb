"""Media from clients and of jobs: taken in, kept, given out, dropped."""
