"""`s2v keys`: who may call the gateway. It works on the gateway's database, not through it."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from s2v.core.errors import InvalidInput, NotFound, Reason
from s2v.rpc.home import expanded
from s2v.rpc.settings import read_settings
from s2v_cli.failing import FailingCommand, FailingGroup, say
from s2v_gateway.access.audit import AuditEntry, AuditLog
from s2v_gateway.access.callers import (
    LOCAL,
    MAX_SUBJECT_CHARACTERS,
    MAX_TENANT_CHARACTERS,
    Caller,
    Role,
    is_name,
)
from s2v_gateway.settings import GatewaySettings

if TYPE_CHECKING:
    from s2v_gateway.records.keys import ApiKey, KeyRecords

_UMASK = 0o077
_MAX_LABEL_CHARACTERS = 200
_SPAN = re.compile(r"([1-9][0-9]{0,4})([hd])")

keys = typer.Typer(
    cls=FailingGroup,
    help="Make, list and revoke API keys, on the machine of the gateway.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

HomeOption = Annotated[
    Path | None,
    typer.Option(
        help="The folder of `s2v serve`. [default: $S2V_HOME or ~/.local/share/s2v]",
        show_default=False,
    ),
]
JsonLinesOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@keys.command(cls=FailingCommand)
def create(
    subject: Annotated[str, typer.Argument(metavar="WHO", help="Who will show it.")],
    tenant: Annotated[
        str, typer.Option(help="Whose is what they make; a tenant sees what is its own.")
    ] = LOCAL.tenant,
    admin: Annotated[
        bool, typer.Option("--admin", help="They may also see how the server is.")
    ] = False,
    expires: Annotated[
        str, typer.Option(metavar="SPAN", help="After so long it does not count: 12h, 90d.")
    ] = "",
    label: Annotated[str, typer.Option(help="What it is for, in your words.")] = "",
    home: HomeOption = None,
) -> None:
    """Make a key and print it, the only time that it can be seen.

    From the first key on the gateway asks every caller for one. It counts at once.
    """
    _check_name(subject, MAX_SUBJECT_CHARACTERS, "WHO")
    _check_name(tenant, MAX_TENANT_CHARACTERS, "--tenant")
    if label:
        _check_name(label, _MAX_LABEL_CHARACTERS, "--label")
    expire_time = _expire_time(expires, datetime.now(UTC)) if expires else None
    roles = frozenset({Role.USER, Role.ADMIN} if admin else {Role.USER})
    with _records(home, "keys create") as (records, entry):
        key, made = records.make(
            Caller(tenant, subject, roles), label=label, expire_time=expire_time
        )
        entry.facts |= _facts(made)
    print(key)
    say(f"made {_line(made)}; show it as S2V_API_KEY, it is told only now")


@keys.command(name="list", cls=FailingCommand)
def list_keys(as_json: JsonLinesOption = False, home: HomeOption = None) -> None:
    """List keys, the oldest first, with those that do not count any more."""
    with _records(home) as (records, _):
        found = records.every()
    if as_json:
        print(json.dumps([_document(key) for key in found], indent=2, ensure_ascii=False))
        return
    for key in found:
        print(_line(key))


@keys.command(cls=FailingCommand)
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="See `s2v keys list`.")],
    home: HomeOption = None,
) -> None:
    """Have a key count no more, at once. Calls that are under way go on to their end."""
    with _records(home, "keys revoke") as (records, entry):
        revoked = records.revoke(key_id)
        if revoked is None:
            problem = f"there is no key {key_id!r}; see `s2v keys list`"
            raise NotFound(Reason.FIELD_INVALID, problem, field="ID")
        entry.facts |= _facts(revoked)
    print(f"revoked {_line(revoked)}")


@contextmanager
def _records(home: Path | None, call: str = "") -> "Iterator[tuple[KeyRecords, AuditEntry]]":
    """Give the keys of the gateway over a home; what a call does is told to its audit log."""
    # Databases take long to import, and every other command does without.
    from s2v_gateway.records.keys import KeyRecords
    from s2v_gateway.records.visiting import visited

    if home is not None:
        os.environ["S2V_HOME"] = str(expanded(home, field="--home").absolute())
    settings = read_settings(GatewaySettings)
    os.umask(_UMASK)  # what is made here is for our own eyes, as what `s2v serve` makes
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    entry = AuditEntry()
    with visited(settings.database) as engine:
        yield KeyRecords(engine), entry
    if call:
        log = AuditLog(settings.data_dir, max_bytes=0, max_files=0, complain=_complain)
        log.write(LOCAL, call, entry)
        log.close()


def _complain(what: str, error: BaseException) -> None:
    say(f"warning: {what}: {error}")


def _facts(key: "ApiKey") -> dict[str, str]:
    return {"of": f"{key.caller.tenant}/{key.caller.subject}", "made_key": key.caller.key_id}


def _check_name(text: str, max_characters: int, field: str) -> None:
    if not is_name(text, max_characters):
        problem = f"give 1 to {max_characters} printable characters, no spaces around them"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field=field)


def _expire_time(span: str, now: datetime) -> datetime:
    found = _SPAN.fullmatch(span)
    if found is None:
        problem = f"{span!r} is no span of time; write hours or days, such as 12h or 90d"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field="--expires")
    number = int(found[1])
    return now + (timedelta(hours=number) if found[2] == "h" else timedelta(days=number))


def _line(key: "ApiKey") -> str:
    who = key.caller
    parts = [who.key_id, f"{who.tenant}/{who.subject}", "+".join(sorted(who.roles)), _state(key)]
    return "  ".join([*parts, key.label]).rstrip()


def _state(key: "ApiKey") -> str:
    if key.revoke_time is not None:
        return f"revoked {key.revoke_time:%Y-%m-%d}"
    if key.expire_time is None:
        return "counts"
    past = key.expire_time <= datetime.now(UTC)
    return f"{'expired' if past else 'counts until'} {key.expire_time:%Y-%m-%dT%H:%MZ}"


def _document(key: "ApiKey") -> dict[str, object]:
    times = {
        "create_time": key.create_time,
        "expire_time": key.expire_time,
        "revoke_time": key.revoke_time,
    }
    return {
        "id": key.caller.key_id,
        "tenant": key.caller.tenant,
        "subject": key.caller.subject,
        "roles": sorted(key.caller.roles),
        "label": key.label,
        **{name: time.isoformat() if time else None for name, time in times.items()},
    }
