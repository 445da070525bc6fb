"""The tts service: scripts into speech with word and phoneme times."""
