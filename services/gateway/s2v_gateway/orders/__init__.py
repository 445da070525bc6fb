"""What is asked for becomes a job: checked, completed, accepted."""
