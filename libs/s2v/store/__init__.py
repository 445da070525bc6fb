"""Artifacts by digest, in a directory or in any object store that fsspec reaches."""
