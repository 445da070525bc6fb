"""The public keys of the server that signs tokens: a JSON Web Key Set (RFC 7517)."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import jwt
import structlog

from s2v.core.errors import Reason, Unavailable

_MAX_BYTES = 1 << 20
_FETCH_SECONDS = 10.0
_FRESH_SECONDS = 300.0
_USABLE_SECONDS = 3600.0
_PAUSE_SECONDS = 10.0

_log = structlog.get_logger()

Load = Callable[[], Awaitable[list[dict[str, Any]]]]
"""Gives the keys as they are published now.

Raises:
    OSError, ValueError, TimeoutError, httpx2.HTTPError: they cannot be had.
"""


class SigningKeys:
    """Keeps the keys, and looks for new ones after a while or when an unknown one is named.

    It looks at most once in ten seconds, whatever callers name. Where it finds none, the old ones
    count for an hour, and nobody waits meanwhile. All methods are called on one event loop.
    """

    def __init__(self, load: Load, now: Callable[[], float] = time.monotonic) -> None:
        self._load = load
        self._now = now
        self._keys: list[dict[str, Any]] = []
        self._loaded_at = self._looked_at = float("-inf")
        self._looking = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None

    async def find(self, key_id: object, algorithm: str) -> jwt.PyJWK | None:
        """Return the key of that id, or the only one for None, if it is for the algorithm.

        Raises:
            Unavailable: there are no keys and none can be had.
        """
        if self._age_seconds >= _USABLE_SECONDS:
            await self._look()
        elif self._age_seconds >= _FRESH_SECONDS and not self._looking.locked():
            self._refreshing = asyncio.create_task(self._look())
        if self._age_seconds >= _USABLE_SECONDS:
            raise Unavailable(
                Reason.SERVICE_UNAVAILABLE,
                "no token can be verified now: the keys of who signs them cannot be had",
                retry_after_seconds=_PAUSE_SECONDS,
            )
        if (found := self._named(key_id, algorithm)) is None:
            await self._look()
            found = self._named(key_id, algorithm)
        return jwt.PyJWK(found, algorithm=algorithm) if found else None

    @property
    def _age_seconds(self) -> float:
        return self._now() - self._loaded_at

    async def _look(self) -> None:
        """Load the keys, unless that was tried a moment ago."""
        async with self._looking:
            if self._now() - self._looked_at < _PAUSE_SECONDS:
                return
            self._looked_at = self._now()
            try:
                self._keys = await self._load()
            except (OSError, ValueError, TimeoutError, httpx2.HTTPError) as error:
                _log.warning("the keys of tokens cannot be had", cause=repr(error))
                return
            self._loaded_at = self._now()

    def _named(self, key_id: object, algorithm: str) -> dict[str, Any] | None:
        fit = [key for key in self._keys if _is_for(key, algorithm)]
        if key_id is not None:
            fit = [key for key in fit if key.get("kid") == key_id]
        return fit[0] if len(fit) == 1 else None


def load_from(source: str) -> Load:
    """Return what loads the keys from a file, or from an https address."""
    if "://" not in source:
        return lambda: asyncio.to_thread(read_keys, Path(source))

    async def fetch() -> list[dict[str, Any]]:
        async with asyncio.timeout(_FETCH_SECONDS):
            return usable_keys(await _fetched(source))

    return fetch


def read_keys(path: Path) -> list[dict[str, Any]]:
    """Read the keys in a file.

    Raises:
        OSError: it cannot be read.
        ValueError: it holds no usable key.
    """
    with path.open("rb") as file:
        return usable_keys(file.read(_MAX_BYTES + 1))


def usable_keys(data: bytes) -> list[dict[str, Any]]:
    """Return the keys of a set with which a signature can be verified; secrets are none.

    Raises:
        ValueError: there is none, or it is no set.
    """
    if len(data) > _MAX_BYTES:
        raise ValueError(f"more than {_MAX_BYTES} bytes")
    try:
        keys = json.loads(data)["keys"]
        usable = [key for key in keys if _is_usable(key)]
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("no JSON Web Key Set") from error
    if not usable:
        raise ValueError("a JSON Web Key Set without a key that can be used")
    return usable


async def _fetched(url: str) -> bytes:
    data = bytearray()
    async with (
        httpx2.AsyncClient(timeout=_FETCH_SECONDS) as client,
        client.stream("GET", url) as response,
    ):
        if response.status_code != httpx2.codes.OK:
            raise ValueError(f"the answer is {response.status_code}")
        async for piece in response.aiter_bytes():
            data += piece
            if len(data) > _MAX_BYTES:
                break
    return bytes(data)


def _is_usable(key: object) -> bool:
    if not isinstance(key, dict):
        return False
    if key.get("kty") == "oct" or key.get("use", "sig") != "sig":
        return False
    try:
        jwt.PyJWK(key)
    except (jwt.PyJWTError, ValueError, TypeError):
        return False
    return True


def _is_for(key: dict[str, Any], algorithm: str) -> bool:
    """Tell whether a key is for an algorithm: it says so, or says nothing and is of its kind."""
    if "alg" in key:
        return bool(key["alg"] == algorithm)
    family = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}[algorithm[:2]]
    return bool(key.get("kty") == family)
