"""Fakes and contract suites for every port, for our tests and for those of new adapters."""
