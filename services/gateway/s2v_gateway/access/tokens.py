"""Tokens that another server signed for its users: JSON Web Tokens (RFC 7519), by PyJWT."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from s2v_gateway.access.callers import (
    MAX_SUBJECT_CHARACTERS,
    MAX_TENANT_CHARACTERS,
    Caller,
    Role,
    is_name,
)
from s2v_gateway.access.credentials import refused
from s2v_gateway.access.signing_keys import SigningKeys


@dataclass(frozen=True, slots=True)
class TokenRules:
    """Which tokens count, and what they say of who shows them.

    Attributes:
        issuer: whose tokens count.
        audience: for whom they must be made.
        algorithms: with which they may be signed.
        tenant_claim: has the tenant.
        roles_claim: has a role or a list of them.
        user_role: what is called Role.USER here; empty if everybody has it who has a token.
        admin_role: what is called Role.ADMIN here.
        leeway_seconds: how far the clocks may differ.
    """

    issuer: str
    audience: str
    algorithms: tuple[str, ...]
    tenant_claim: str
    roles_claim: str
    user_role: str
    admin_role: str
    leeway_seconds: float


class Tokens:
    """Reads tokens.

    Args:
        rules: which of them count.
        keys: those of the server that signs them.
    """

    def __init__(self, rules: TokenRules, keys: SigningKeys) -> None:
        self._rules = rules
        self._keys = keys

    async def read(self, token: str) -> Caller:
        """Return who a token says shows it.

        Raises:
            Unauthenticated: CREDENTIALS_INVALID.
            Unavailable: the keys cannot be had now.
        """
        return _caller(await self._verified(token), self._rules)

    async def _verified(self, token: str) -> Mapping[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            algorithm = header.get("alg")
            if algorithm not in self._rules.algorithms:
                raise _unverifiable()
            key = await self._keys.find(header.get("kid"), algorithm)
            if key is None:
                raise _unverifiable()
            return jwt.decode(
                token,
                key,
                algorithms=self._rules.algorithms,
                issuer=self._rules.issuer,
                audience=self._rules.audience,
                leeway=self._rules.leeway_seconds,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise refused("the token has expired; get a new one") from error
        except jwt.InvalidIssuerError as error:
            raise refused("the token is of another issuer than this server takes") from error
        except jwt.InvalidAudienceError as error:
            raise refused("the token was made for another audience than this server") from error
        except jwt.MissingRequiredClaimError as error:
            raise refused(f"the token has no claim {error.claim}") from error
        except jwt.PyJWTError as error:
            raise _unverifiable() from error


def _unverifiable() -> Exception:
    return refused(
        "neither an API key of this server nor a token that it can verify: other keys or another "
        "algorithm signed it, it counts later only, or it is damaged"
    )


def _caller(claims: Mapping[str, Any], rules: TokenRules) -> Caller:
    return Caller(
        _name(claims, rules.tenant_claim, MAX_TENANT_CHARACTERS),
        _name(claims, "sub", MAX_SUBJECT_CHARACTERS),
        _roles(_claim(claims, rules.roles_claim), rules),
    )


def _name(claims: Mapping[str, Any], claim: str, max_characters: int) -> str:
    name = _claim(claims, claim)
    if isinstance(name, str) and is_name(name, max_characters):
        return name
    raise refused(f"the token's claim {claim} is no name of at most {max_characters} characters")


def _roles(told: object, rules: TokenRules) -> frozenset[Role]:
    names = told.split() if isinstance(told, str) else told if isinstance(told, list) else []
    admin = rules.admin_role in names
    if admin or not rules.user_role or rules.user_role in names:
        return frozenset({Role.USER, Role.ADMIN} if admin else {Role.USER})
    return frozenset()


def _claim(claims: Mapping[str, Any], name: str) -> object:
    """Return a claim of that name, or where there is none, what its dots lead to; None if none."""
    if name in claims:
        return claims[name]
    found: object = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
