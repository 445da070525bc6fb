"""What given sound says, and when: aligned with its transcript, or recognised."""
