"""Say mathematics in English: LaTeX through mathra's tree of meaning, and signs in plain text."""
