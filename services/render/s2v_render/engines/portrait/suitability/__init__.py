"""Whether a picture shows a face that can be animated, and why not."""
