"""How several ranks, one a GPU, make one film: who has which part, and what they exchange."""
