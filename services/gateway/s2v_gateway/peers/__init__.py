"""Gateways that share a database: one leads, the others pass calls on to it."""
