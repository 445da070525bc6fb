"""The Python SDK: a blocking client and one for coroutines, for everything the gateway offers."""

from s2v.client.async_client import AsyncClient
from s2v.client.client import Client
from s2v.client.securing import Tls

__all__ = ["AsyncClient", "Client", "Tls"]
