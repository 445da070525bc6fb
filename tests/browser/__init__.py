"""The page in a browser: its services last as long as the tests of this package."""
