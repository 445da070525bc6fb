"""Tokens count if the right server signed them, for us, and not too long ago."""

import base64
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from s2v.core.errors import Reason, Unauthenticated, Unavailable
from s2v_gateway.access.callers import Caller, Role
from s2v_gateway.access.signing_keys import usable_keys
from signed_tokens import RULES, Clock, Published, Signer, key_set, tokens

FIRST = Signer("first")
ANN = Caller("red", "ann")


def spelt(header: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()


async def refusal(token: str, published: Published | None = None) -> Unauthenticated:
    with pytest.raises(Unauthenticated) as caught:
        await tokens(published or Published(FIRST), Clock()).read(token)
    assert caught.value.reason is Reason.CREDENTIALS_INVALID
    return caught.value


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_a_token_says_who_shows_it(algorithm: str) -> None:
    signer = Signer("k", algorithm)
    assert await tokens(Published(signer), Clock()).read(signer.token()) == ANN


async def test_roles_come_from_a_claim() -> None:
    read = tokens(Published(FIRST), Clock()).read
    for told in (["x", "s2v-admin"], "x s2v-admin"):
        assert (await read(FIRST.token(roles=told))).roles == {Role.USER, Role.ADMIN}
    for told in ([], "admin", {"s2v-admin": 1}, 7):
        assert (await read(FIRST.token(roles=told))).roles == {Role.USER}


async def test_without_the_role_that_is_asked_for_a_token_is_good_for_nothing() -> None:
    read = tokens(Published(FIRST), Clock(), replace(RULES, user_role="film")).read
    assert (await read(FIRST.token())).roles == set()
    assert (await read(FIRST.token(roles=["film"]))).roles == {Role.USER}


async def test_a_claim_whose_name_has_dots_is_taken_by_its_name() -> None:
    token = FIRST.token(**{"org.id": "blue"})
    assert (await tokens(Published(FIRST), Clock()).read(token)).tenant == "blue"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"exp": datetime.now(UTC) - timedelta(minutes=2)}, "expired"),
        ({"nbf": datetime.now(UTC) + timedelta(days=1)}, "later"),
        ({"iss": "https://elsewhere.example.org"}, "issuer"),
        ({"aud": "others"}, "audience"),
        *(({claim: None}, claim) for claim in ("exp", "sub", "iss", "aud")),
        *(({"org": org}, "org.id") for org in (None, {}, "red", {"id": 7}, {"id": " "})),
        ({"org": {"id": "x" * 101}}, "org.id"),
        ({"sub": "a\nb"}, "sub"),
    ],
)
async def test_a_token_that_does_not_say_what_it_must_is_refused(
    changes: dict[str, object], why: str
) -> None:
    assert why in (await refusal(FIRST.token(**changes))).message


async def test_clocks_may_differ_a_little() -> None:
    late = FIRST.token(exp=datetime.now(UTC) - timedelta(seconds=10))
    assert await tokens(Published(FIRST), Clock()).read(late) == ANN


async def test_no_other_key_will_do() -> None:
    await refusal(Signer("first").token())
    await refusal(Signer("second").token())


async def test_a_token_that_nobody_signed_is_refused() -> None:
    claims = jwt.decode(FIRST.token(), options={"verify_signature": False})
    await refusal(jwt.encode(claims, "", "none", headers={"kid": "first"}))
    _, body, signature = FIRST.token().split(".")
    for header in ({"alg": "none"}, {"alg": "ES256"}, {}, {"alg": ["ES256"], "kid": {"a": 1}}):
        await refusal(f"{spelt(header)}.{body}.{signature[:-4]}AAAA")
        await refusal(f"{spelt(header)}.{body}.")


async def test_a_public_key_is_no_shared_secret() -> None:
    signer = Signer("first", "RS256")
    public = signer.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    _, body, _ = signer.token().split(".")
    signed = f"{spelt({'alg': 'HS256', 'kid': 'first'})}.{body}"
    signature = base64.urlsafe_b64encode(hmac.digest(public, signed.encode(), "sha256"))
    await refusal(f"{signed}.{signature.rstrip(b'=').decode()}", Published(signer))


def test_shared_secrets_and_keys_for_encryption_are_no_signing_keys() -> None:
    secret = {"kty": "oct", "k": "c2VjcmV0" * 8, "kid": "first", "alg": "ES256"}
    other = FIRST.public | {"use": "enc"}
    assert usable_keys(key_set(secret, other, FIRST.public, {"kty": "none"})) == [FIRST.public]


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"keys":7}', b'{"keys":[7,null]}', b"\xff"])
def test_what_is_no_key_set_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever it is
        usable_keys(data)


async def test_a_new_key_counts_soon_and_unknown_ones_are_not_looked_for_again_and_again() -> None:
    clock, second, published = Clock(), Signer("second"), Published(FIRST)
    reader = tokens(published, clock)
    await reader.read(FIRST.token())
    published.signers = [second]
    for _ in range(9):
        with pytest.raises(Unauthenticated):
            await reader.read(second.token())
    assert published.asked == 1
    clock.seconds += 11
    assert await reader.read(second.token()) == ANN
    with pytest.raises(Unauthenticated):
        await reader.read(FIRST.token())
    assert published.asked == 2


async def test_who_publishes_may_be_away_for_a_while() -> None:
    clock, published = Clock(), Published(FIRST)
    reader = tokens(published, clock)
    await reader.read(FIRST.token())
    published.away = True
    clock.seconds += 1800
    assert await reader.read(FIRST.token()) == ANN
    clock.seconds += 1801
    with pytest.raises(Unavailable) as caught:
        await reader.read(FIRST.token())
    assert caught.value.retry_after_seconds is not None
    published.away = False
    clock.seconds += 11
    assert await reader.read(FIRST.token()) == ANN
