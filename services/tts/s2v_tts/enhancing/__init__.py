"""Better sound that was spoken already: less noise, an even loudness, shorter silences."""
