"""Who is let in, and how often."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from s2v.core.errors import (
    Exhausted,
    InvalidInput,
    PermissionDenied,
    Reason,
    S2VError,
    Unauthenticated,
)
from s2v.rpc.patience import is_away
from s2v_gateway.access.admission import Admission
from s2v_gateway.access.callers import LOCAL, Caller, Role, caller, require
from s2v_gateway.access.credentials import digest_of, new_key, shown
from s2v_gateway.access.quotas import Quotas
from s2v_gateway.access.rates import Rates
from s2v_gateway.access.setting_up import admission_of
from s2v_gateway.access.tokens import Tokens
from s2v_gateway.settings import Access, GatewaySettings, Quota
from signed_tokens import Clock, Published, Signer, tokens

KEY = new_key()
ANN = Caller("red", "ann", key_id="1")


@dataclass
class Made:
    """Keys that were made."""

    callers: dict[str, Caller] = field(default_factory=dict)
    ever: bool = False
    looks: int = 0

    def find(self, digest: str) -> Caller | None:
        return self.callers.get(digest)

    def any_made(self) -> bool:
        self.looks += 1
        return self.ever


@dataclass
class Called:
    """The part of a call's context that is looked at."""

    metadata: tuple[tuple[str, str], ...] = ()

    def invocation_metadata(self) -> Any:
        return self.metadata


def door(
    made: Made,
    access: Access = "auto",
    *,
    clock: Clock | None = None,
    tokens: Tokens | None = None,
    quotas: Quotas | None = None,
) -> Admission:
    clock = clock or Clock()
    return Admission(made, tokens, Rates(quotas or Quotas(), clock), access=access, now=clock)


async def enter(door: Admission, *metadata: tuple[str, str]) -> Caller:
    await door.admit(Called(metadata), "/s2v.Service/Method")  # type: ignore[arg-type]
    return caller()


async def refused(door: Admission, *metadata: tuple[str, str]) -> S2VError:
    with pytest.raises((Unauthenticated, PermissionDenied, Exhausted)) as caught:
        await enter(door, *metadata)
    return caught.value


def bearer(key: str) -> tuple[str, str]:
    return ("authorization", f"Bearer {key}")


async def test_without_keys_everybody_is_the_one_caller() -> None:
    assert await enter(door(Made())) == LOCAL
    assert await enter(door(Made()), bearer(KEY)) == LOCAL


async def test_a_key_says_who_shows_it() -> None:
    entrance = door(Made({digest_of(KEY): ANN}, ever=True))
    for shown_so in (bearer(KEY), ("authorization", f"bearer  {KEY} "), ("x-api-key", KEY)):
        assert await enter(entrance, shown_so) == ANN


async def test_from_the_first_key_on_everybody_is_asked_whatever_becomes_of_it() -> None:
    clock, made = Clock(), Made()
    entrance = door(made, clock=clock)
    assert [await enter(entrance) for _ in range(9)] == [LOCAL] * 9
    assert made.looks == 1
    made.ever = True
    clock.seconds += 2
    assert (await refused(entrance)).reason is Reason.CREDENTIALS_MISSING
    made.ever = False
    clock.seconds += 9
    assert (await refused(entrance)).reason is Reason.CREDENTIALS_MISSING


async def test_who_is_to_be_asked_can_be_set() -> None:
    assert (await refused(door(Made(), "closed"))).reason is Reason.CREDENTIALS_MISSING
    assert await enter(door(Made(ever=True), "open")) == LOCAL


@pytest.mark.parametrize(
    "metadata",
    [
        [bearer(new_key())],
        [bearer(KEY[:-1])],
        [bearer(KEY + "A")],
        [bearer("s2v_" + "\N{KELVIN SIGN}" * 43)],
        [bearer("a.b.c")],
        [bearer("")],
        [("authorization", "Basic YTpi")],
        [("authorization", KEY)],
        [("x-api-key", "x")],
        [bearer(KEY), bearer(KEY)],
        [bearer(KEY), ("x-api-key", KEY)],
    ],
)
async def test_what_does_not_count_is_refused_and_nothing_is_told_of_what_would(
    metadata: list[tuple[str, str]],
) -> None:
    error = await refused(door(Made({digest_of(KEY): ANN}, ever=True)), *metadata)
    assert error.reason is Reason.CREDENTIALS_INVALID
    assert KEY[8:] not in error.message


async def test_tokens_count_beside_keys() -> None:
    signer = Signer("first")
    entrance = door(
        Made({digest_of(KEY): ANN}), tokens=tokens(Published(signer), clock := Clock()), clock=clock
    )
    assert (await enter(entrance, bearer(signer.token()))).subject == "ann"
    assert await enter(entrance, bearer(KEY)) == ANN
    assert (await refused(entrance)).reason is Reason.CREDENTIALS_MISSING
    unknown = await refused(entrance, bearer(new_key()))
    assert "token" not in unknown.message


async def test_who_may_do_nothing_is_told_so() -> None:
    nobody = Caller("red", "ann", frozenset())
    error = await refused(door(Made({digest_of(KEY): nobody}, ever=True)), bearer(KEY))
    assert (error.reason, error.metadata["role"]) == (Reason.ROLE_MISSING, "user")


def test_what_is_for_admins_is_for_no_others() -> None:
    require(LOCAL, Role.ADMIN)
    with pytest.raises(PermissionDenied):
        require(ANN, Role.ADMIN)


def test_keys_are_long_and_unlike_each_other() -> None:
    made = {new_key() for _ in range(1000)}
    assert len(made) == 1000
    assert {len(key) for key in made} == {len("s2v_") + 43}
    assert shown([bearer(KEY)]) == KEY
    assert KEY not in digest_of(KEY)


async def test_calls_are_counted_for_each_tenant_by_the_minute() -> None:
    clock = Clock()
    quotas = Quotas(Quota(calls_per_minute=6), {"blue": Quota(calls_per_minute=60)})
    entrance = door(Made({digest_of(KEY): ANN}), "closed", clock=clock, quotas=quotas)
    assert [await enter(entrance, bearer(KEY)) for _ in range(6)] == [ANN] * 6
    error = await refused(entrance, bearer(KEY))
    assert (error.reason, error.metadata) == (
        Reason.QUOTA_EXCEEDED,
        {"quota": "calls_per_minute", "limit": "6", "tenant": "red"},
    )
    assert error.retry_after_seconds == pytest.approx(10.0)
    assert is_away(error)
    clock.seconds += 10
    assert await enter(entrance, bearer(KEY)) == ANN
    assert (await refused(entrance, bearer(KEY))).reason is Reason.QUOTA_EXCEEDED
    clock.seconds += 3600
    assert [await enter(entrance, bearer(KEY)) for _ in range(6)] == [ANN] * 6
    await refused(entrance, bearer(KEY))


def test_what_differs_for_a_tenant_leaves_the_rest_as_usual() -> None:
    quotas = Quotas(Quota(jobs=2, stored_bytes=9), {"blue": Quota(jobs=0)})
    assert quotas.of("red") == Quota(jobs=2, stored_bytes=9)
    assert quotas.of("blue") == Quota(jobs=0, stored_bytes=9)


OPEN = ["0.0.0.0:50051", "[::]:50051", "10.0.0.1:1", "gateway:1", "ipv4:0.0.0.0:1", "0:1"]
CLOSED = ["127.0.0.1:1", "[::1]:1", "localhost:1", "unix:/run/s2v.sock"]


@pytest.mark.parametrize("listen", OPEN)
def test_other_machines_are_not_let_in_unasked(listen: str) -> None:
    with pytest.raises(InvalidInput, match="s2v keys create"):
        admission_of(GatewaySettings(listen=listen), Made())
    with pytest.raises(InvalidInput):
        admission_of(GatewaySettings(listen=listen, access="open"), Made(ever=True))
    assert admission_of(GatewaySettings(listen=listen), Made(ever=True)).asks()
    assert admission_of(GatewaySettings(listen=listen, access="closed"), Made()).asks()


@pytest.mark.parametrize("listen", CLOSED)
def test_this_machine_is(listen: str) -> None:
    assert not admission_of(GatewaySettings(listen=listen), Made()).asks()


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"peer_listen": "127.0.0.1:1", "database_url": ""}, "needs a database_url of PostgreSQL"),
        ({"peer_listen": "0.0.0.0:1"}, "is not where other gateways reach this one"),
        ({"peer_listen": "[::]:1"}, "is not where other gateways reach this one"),
        ({"peer_listen": "10.0.0.1:1"}, "set S2V_INTERNAL_TOKEN_FILE"),
    ],
)
def test_other_gateways_are_met_where_only_they_come(
    settings: dict[str, str], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        GatewaySettings(**({"database_url": "postgresql://s2v@db/s2v"} | settings))  # type: ignore[arg-type]


@pytest.mark.parametrize("listen", CLOSED)
def test_other_gateways_of_this_machine_need_no_token(listen: str) -> None:
    url = "postgresql://s2v@db/s2v"
    assert GatewaySettings(peer_listen=listen, database_url=url).peer_listen == listen


def test_a_file_of_keys_that_cannot_be_used_is_told_at_the_start() -> None:
    settings = GatewaySettings(jwt_keys="/nowhere.json", jwt_issuer="i", jwt_audience="a")
    with pytest.raises(InvalidInput) as caught:
        admission_of(settings, Made())
    assert caught.value.field == "jwt_keys"


@pytest.mark.parametrize(
    "wrong",
    [
        {"jwt_algorithms": "HS256"},
        {"jwt_algorithms": "none"},
        {"jwt_algorithms": ""},
        {"jwt_algorithms": "RS256,HS512"},
        {"jwt_keys": "http://login.example.org/keys", "jwt_issuer": "i", "jwt_audience": "a"},
        {"jwt_keys": "keys.json"},
        {"jwt_keys": "k", "jwt_issuer": "i", "jwt_audience": "a", "access": "open"},
        {"tls_certificate": "a.pem"},
        {"tls_client_ca": "a.pem"},
        {"tenant_quotas": "{"},
        {"tenant_quotas": '{"red": {"job": 1}}'},
        {"tenant_quotas": '{"red": {"jobs": -1}}'},
        {"access": "ajar"},
        {"local_listen": "0.0.0.0:1"},
    ],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - pydantic's own
        GatewaySettings(**wrong)


def test_settings_are_read_from_text() -> None:
    settings = GatewaySettings(
        jwt_algorithms="PS256, EdDSA",  # type: ignore[arg-type]
        tenant_quotas='{"red": {"jobs": 1}}',  # type: ignore[arg-type]
        quota_jobs=3,
    )
    assert settings.jwt_algorithms == ("PS256", "EdDSA")
    assert settings.tenant_quotas == {"red": Quota(jobs=1)}
    assert settings.usual_quota == Quota(jobs=3)
