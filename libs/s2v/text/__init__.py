"""Prepare scripts for speaking; standard library only."""
