"""Voices that callers make of recordings: what may be asked, how they are kept, how they sound."""
