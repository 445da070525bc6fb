"""The networks of Wan2.2-S2V, and what turns speech, text and pictures into what they take."""
