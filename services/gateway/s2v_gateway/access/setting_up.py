"""Make of the settings who is let in, and refuse those that let in whom nobody asked."""

from collections.abc import Sequence
from pathlib import Path

from s2v.core.errors import InvalidInput, Reason
from s2v.rpc.channel import is_closed_to_others
from s2v.rpc.encryption import ServerCertificate
from s2v.rpc.server import Server
from s2v_gateway.access.admission import Admission, Keys
from s2v_gateway.access.quotas import Quotas
from s2v_gateway.access.rates import Rates
from s2v_gateway.access.signing_keys import SigningKeys, load_from, read_keys
from s2v_gateway.access.tokens import TokenRules, Tokens
from s2v_gateway.settings import GatewaySettings


def quotas_of(settings: GatewaySettings) -> Quotas:
    """Return how much each tenant may have."""
    return Quotas(settings.usual_quota, settings.tenant_quotas)


def certificate_of(settings: GatewaySettings) -> ServerCertificate | None:
    """Return what the gateway encrypts with; None if it does not."""
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    return ServerCertificate(settings.tls_certificate, settings.tls_key, settings.tls_client_ca)


def admission_of(settings: GatewaySettings, keys: Keys) -> Admission:
    """Return who lets callers in; blocks.

    Raises:
        InvalidInput: FIELD_INVALID, other machines would be let in unasked, or the file of signing
            keys cannot be used; `field` is the setting to blame.
    """
    rates = Rates(quotas_of(settings))
    admission = Admission(keys, _tokens_of(settings), rates, access=settings.access)
    reached = [
        address
        for address in (settings.listen, settings.http_listen)
        if address and not is_closed_to_others(address)
    ]
    if reached and not admission.asks():
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"other machines could reach {reached[0]}, and nobody would be asked who they "
            "are: make a key with `s2v keys create`, set S2V_GATEWAY_JWT_KEYS, or listen on "
            "127.0.0.1 or a Unix socket (docs/access.md)",
            field=_to_blame(settings, reached[0]),
        )
    return admission


def server_of(settings: GatewaySettings, services: Sequence[str], admission: Admission) -> Server:
    """Return the server of these services, where the settings say, for whom they let in."""
    server = Server(
        settings.listen,
        services,
        certificate=certificate_of(settings),
        reflection_enabled=settings.reflection,
        admit=admission.admit,
        limits=settings.call_limits,
        log_level=settings.log_level,
        metrics_listen=settings.metrics_listen,
    )
    if settings.local_listen:
        server.listen_also(settings.local_listen)
    return server


def _tokens_of(settings: GatewaySettings) -> Tokens | None:
    if not settings.jwt_keys:
        return None
    if "://" not in settings.jwt_keys:
        _check_file(Path(settings.jwt_keys))
    rules = TokenRules(
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        algorithms=settings.jwt_algorithms,
        tenant_claim=settings.jwt_tenant_claim,
        roles_claim=settings.jwt_roles_claim,
        user_role=settings.jwt_user_role,
        admin_role=settings.jwt_admin_role,
        leeway_seconds=settings.jwt_leeway_seconds,
    )
    return Tokens(rules, SigningKeys(load_from(settings.jwt_keys)))


def _check_file(path: Path) -> None:
    try:
        read_keys(path)
    except (OSError, ValueError) as error:
        raise InvalidInput(
            Reason.FIELD_INVALID, f"{path} cannot be used: {error}", field="jwt_keys"
        ) from error


def _to_blame(settings: GatewaySettings, reached: str) -> str:
    if settings.access == "open":
        return "access"
    return "listen" if reached == settings.listen else "http_listen"
