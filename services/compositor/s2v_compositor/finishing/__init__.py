"""What is done with the pictures of a film, once, whatever is asked, and what comes beside it."""
