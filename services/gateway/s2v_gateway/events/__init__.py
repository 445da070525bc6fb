"""What happens to a job, told to whoever watches."""
