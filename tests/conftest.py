"""What tests of every layer share."""

pytest_plugins = ["s2v.testing.postgres", "s2v.testing.s3"]
