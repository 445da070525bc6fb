"""The whole product: its services last as long as the tests of this package."""
