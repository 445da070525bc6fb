"""What lips do for speech, and what they did in a film: phones, curves, the lip-sync meter."""
