"""Find faces in pictures and the 478 landmarks of each, knowing nothing of engines."""
