"""Read foreign files in small processes that can do nothing else and may die."""
