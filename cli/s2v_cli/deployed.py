"""What `s2v doctor --server` looks at: a whole deployment, over the network."""

import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from cryptography import x509

from s2v.api.gateway.v1 import system_service_pb2
from s2v.core.errors import Reason, S2VError
from s2v.rpc.channel import is_closed_to_others
from s2v_cli.background import call
from s2v_cli.checks import Finding, Level
from s2v_cli.connecting import client_of, is_encrypted

_GIB = 1024**3
_ANSWER_SECONDS = 5.0
_MOST_SKEW_SECONDS = 2.0
_SKEW_SECONDS_OF_TOKENS = 30.0
_DAYS_TO_RENEW = 14
_REMEDIES = {
    Reason.CREDENTIALS_MISSING: "set S2V_API_KEY to a key of it (`s2v keys create --admin`)",
    Reason.CREDENTIALS_INVALID: "set S2V_API_KEY to a key that counts (`s2v keys list`)",
    Reason.ROLE_MISSING: "use a key with the role admin (`s2v keys create --admin`)",
}


def check_deployment(address: str) -> Iterator[Finding]:
    """Look at a gateway and what is behind it; the first findings come first."""
    yield from check_certificate(address)
    with client_of(address, patience_seconds=0) as client:
        try:
            info = call(client, lambda: client.server_info(timeout_seconds=_ANSWER_SECONDS))
        except S2VError as error:
            otherwise = "start it, or mend the address (one that encrypts: `s2v --ca FILE`)"
            yield Finding(
                Level.FAIL, "gateway", error.message, _REMEDIES.get(error.reason, otherwise)
            )
            return
        yield Finding(Level.PASS, "gateway", f"s2v {info.version} answers at {address}")
        try:
            asked_at = time.time()
            status = call(client, client.system_status)
            our_time = (asked_at + time.time()) / 2
        except S2VError as error:
            remedy = _REMEDIES.get(error.reason, "look into the log of the gateway")
            yield Finding(Level.WARN, "services", error.message, remedy)
            return
    if status.HasField("server_time"):
        yield check_clock("gateway", status.server_time.ToDatetime(UTC).timestamp() - our_time)
    yield from check_status(status, info.version)


def check_status(
    status: system_service_pb2.GetSystemStatusResponse, version: str
) -> Iterator[Finding]:
    """Look at what a gateway of some version tells of what is behind it."""
    for service in status.services:
        yield from _check_service(service, version)
    yield _check_workers(status.workers)
    for storage in status.storage:
        yield _check_storage(storage)
    for alarm in status.alarms:
        remedy = "look into the log of the gateway; a restart forgets alarms"
        yield Finding(Level.WARN, "alarm", alarm, remedy)


def _check_service(service: system_service_pb2.ServiceStatus, version: str) -> Iterator[Finding]:
    if not service.serving:
        remedy = f"look into the log of {service.name}; jobs wait for it"
        yield Finding(Level.FAIL, service.name, service.message, remedy)
        return
    if service.version != version:
        fact = f"has s2v {service.version or 'of an earlier release'}, the gateway {version}"
        yield Finding(Level.WARN, service.name, fact, "install one release everywhere")
    else:
        yield Finding(Level.PASS, service.name, f"serving, s2v {service.version}")
    if abs(service.clock_ahead_seconds) > _MOST_SKEW_SECONDS:
        yield check_clock(service.name, service.clock_ahead_seconds)


def check_clock(whose: str, ahead_seconds: float) -> Finding:
    """Look whether a clock goes as the one that it was compared with."""
    off = abs(ahead_seconds)
    direction = "ahead" if ahead_seconds > 0 else "behind"
    if off <= _MOST_SKEW_SECONDS:
        return Finding(Level.PASS, "clock", f"of {whose}: within {_MOST_SKEW_SECONDS:g} s")
    level = Level.FAIL if off > _SKEW_SECONDS_OF_TOKENS else Level.WARN
    remedy = "set the clocks by a time server: tokens and the order of events go by them"
    return Finding(level, "clock", f"of {whose}: {off:.1f} s {direction}", remedy)


def _check_workers(workers: Sequence[system_service_pb2.WorkerStatus]) -> Finding:
    able = [worker for worker in workers if worker.state in ("idle", "busy")]
    fact = f"{len(able)} of {len(workers)} can render"
    if not able:
        away = "; ".join(worker.problem for worker in workers if worker.problem)
        fact += f": {away}" if away else ""
        return Finding(Level.FAIL, "workers", fact, "look into the log of render")
    level = Level.PASS if len(able) == len(workers) else Level.WARN
    remedy = "" if level is Level.PASS else "`s2v status` tells which start or are away"
    return Finding(level, "workers", fact, remedy)


def _check_storage(storage: system_service_pb2.StorageStatus) -> Finding:
    share = storage.free_bytes / max(1, storage.total_bytes)
    fact = f"{storage.free_bytes / _GIB:.1f} GiB free for the {storage.name} ({share:.0%})"
    remedy = "free some, or keep less: S2V_GATEWAY_MAX_FILM_BYTES, S2V_GATEWAY_KEEP_JOBS_DAYS"
    if storage.free_bytes < _GIB // 2:
        return Finding(Level.FAIL, "disk", fact, remedy)
    if storage.free_bytes < 5 * _GIB:
        return Finding(Level.WARN, "disk", fact, remedy)
    return Finding(Level.PASS, "disk", fact)


def check_certificate(address: str) -> Iterator[Finding]:
    """Look how long the certificate of an address is valid, or whether it should have one."""
    if not is_encrypted():
        if not is_closed_to_others(address):
            remedy = "encrypt (docs/access.md) and call it with `s2v --ca FILE doctor`"
            yield Finding(Level.WARN, "tls", f"calls to {address} are not encrypted", remedy)
        return
    host, _, port = address.rpartition(":")
    try:
        ends = _certificate(host.strip("[]"), int(port)).not_valid_after_utc
    except (OSError, ValueError) as error:
        fact = f"{address} shows no certificate: {error}"
        yield Finding(Level.FAIL, "tls", fact, "mend the address, or call it without --ca")
        return
    yield certificate_finding(ends, datetime.now(UTC))


def certificate_finding(ends: datetime, now: datetime) -> Finding:
    """Tell whether a certificate that ends at a time is to be renewed."""
    days = (ends - now).total_seconds() / 86_400
    fact = f"the certificate is valid until {ends:%Y-%m-%d}, {int(days)} days"
    renew = "renew it; the gateway reads new files by itself"
    if days < 0:
        return Finding(Level.FAIL, "tls", f"the certificate ended on {ends:%Y-%m-%d}", renew)
    if days < _DAYS_TO_RENEW:
        return Finding(Level.WARN, "tls", fact, renew)
    return Finding(Level.PASS, "tls", fact)


def _certificate(host: str, port: int) -> x509.Certificate:
    """Return what a server shows, whether or not anybody would trust it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection((host, port), timeout=_ANSWER_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as encrypted,
    ):
        return x509.load_der_x509_certificate(encrypted.getpeercert(binary_form=True) or b"")
