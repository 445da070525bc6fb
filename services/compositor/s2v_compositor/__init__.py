"""The compositor: joins clips and speech into one film."""
