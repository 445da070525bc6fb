"""A video as the reference: its speaker is followed and the mouth moved anew in every picture."""
