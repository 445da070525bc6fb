"""The compositor: joins clips, speech and captions into one film."""
