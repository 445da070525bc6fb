"""What every engine does with a reference: fit it to the film's size, play it at its rate."""
