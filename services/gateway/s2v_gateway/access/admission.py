"""Let callers in: by an API key, by a token, or everybody where nobody is asked."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from s2v.rpc.interceptor import Context
from s2v_gateway.access.callers import LOCAL, Caller, Role, admit, require
from s2v_gateway.access.credentials import digest_of, is_key, key_refused, missing, shown
from s2v_gateway.access.rates import Rates
from s2v_gateway.access.tokens import Tokens
from s2v_gateway.settings import Access

_LOOK_SECONDS = 2.0


class Keys(Protocol):
    """Where API keys are written down; the methods block."""

    def find(self, digest: str) -> Caller | None:
        """Return whose key it is that has this digest, if it counts now."""

    def any_made(self) -> bool:
        """Tell whether a key was ever made, though it was revoked or has expired since."""


class Admission:
    """Finds out who calls; all methods are called on one event loop.

    Every call looks its key up, so that one made, revoked or expired counts as such at once.

    Args:
        keys: those that were made here.
        tokens: reads what others signed; None where no token counts.
        rates: how many calls each tenant may make.
        access: whether callers are asked who they are.
        now: a clock in seconds.
    """

    def __init__(
        self,
        keys: Keys,
        tokens: Tokens | None,
        rates: Rates,
        *,
        access: Access,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys = keys
        self._tokens = tokens
        self._rates = rates
        self._now = now
        self._asks = access == "closed" or (access == "auto" and tokens is not None)
        self._may_come_to_ask = access == "auto"
        self._looked_at = float("-inf")

    async def admit(self, context: Context, method: str) -> None:
        """Find out who makes a call, and keep it for those who handle the call.

        Raises:
            Unauthenticated: CREDENTIALS_MISSING, CREDENTIALS_INVALID.
            PermissionDenied: ROLE_MISSING, they may do nothing here.
            Exhausted: QUOTA_EXCEEDED, their tenant makes too many calls.
            Unavailable: the keys that tokens are signed with cannot be had.
        """
        asks = await asyncio.to_thread(self.asks) if self._is_to_look() else self._asks
        who = await self._who(shown(context.invocation_metadata() or ())) if asks else LOCAL
        require(who, Role.USER)
        self._rates.take(who.tenant)
        admit(who, method)

    def asks(self) -> bool:
        """Tell whether callers are asked who they are; blocks.

        From the first key on they are, also when all were revoked: it must not open the door that
        the last key goes.
        """
        self._looked_at = self._now()
        self._asks = self._asks or (self._may_come_to_ask and self._keys.any_made())
        return self._asks

    def _is_to_look(self) -> bool:
        late = self._now() - self._looked_at >= _LOOK_SECONDS
        return late and self._may_come_to_ask and not self._asks

    async def _who(self, credentials: str) -> Caller:
        if not credentials:
            raise missing()
        if is_key(credentials):
            who = await asyncio.to_thread(self._keys.find, digest_of(credentials))
            if who is None:
                raise key_refused()
            return who
        if self._tokens is None or credentials.startswith("s2v_"):
            raise key_refused()
        return await self._tokens.read(credentials)
