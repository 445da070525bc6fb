"""Tokens as another server would sign them, and the keys that it would publish."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from s2v_gateway.access.signing_keys import SigningKeys, usable_keys
from s2v_gateway.access.tokens import TokenRules, Tokens

ISSUER, AUDIENCE = "https://login.example.org", "s2v"
RULES = TokenRules(
    issuer=ISSUER,
    audience=AUDIENCE,
    algorithms=("RS256", "ES256", "EdDSA"),
    tenant_claim="org.id",
    roles_claim="roles",
    user_role="",
    admin_role="s2v-admin",
    leeway_seconds=30.0,
)
_KINDS = {
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


class Signer:
    """A key pair of a server that signs tokens."""

    def __init__(self, key_id: str, algorithm: str = "ES256") -> None:
        self.key_id = key_id
        self.algorithm = algorithm
        self.private = _KINDS[algorithm]()

    @property
    def public(self) -> dict[str, Any]:
        """What it publishes."""
        algorithm = jwt.get_algorithm_by_name(self.algorithm)
        key: dict[str, Any] = json.loads(algorithm.to_jwk(self.private.public_key()))
        return key | {"kid": self.key_id, "use": "sig"}

    def token(self, **changes: object) -> str:
        """Sign a token for ann of red; a claim that is changed to None is left out."""
        now = datetime.now(UTC)
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "ann",
            "exp": now + timedelta(days=1),  # longer than any run of the tests
            "org": {"id": "red"},
            **changes,
        }
        given = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(given, self.private, self.algorithm, headers={"kid": self.key_id})


def key_set(*keys: dict[str, Any]) -> bytes:
    """Spell keys as a set."""
    return json.dumps({"keys": keys}).encode()


class Clock:
    """A clock that stands until it is put forward."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Published:
    """Keys as they are published now, and how often they were asked for."""

    def __init__(self, *signers: Signer) -> None:
        self.signers = list(signers)
        self.asked = 0
        self.away = False

    async def load(self) -> list[dict[str, Any]]:
        self.asked += 1
        if self.away:
            raise TimeoutError
        return usable_keys(key_set(*(signer.public for signer in self.signers)))


def tokens(published: Published, clock: Clock, rules: TokenRules = RULES) -> Tokens:
    """Return what reads the tokens of those who publish."""
    return Tokens(rules, SigningKeys(published.load, clock))
