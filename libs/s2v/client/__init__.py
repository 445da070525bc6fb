"""The Python SDK: one blocking client for everything that the gateway offers."""

from s2v.client.client import Client

__all__ = ["Client"]
