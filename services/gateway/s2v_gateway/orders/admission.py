"""Who may ask for what."""

from s2v.core.errors import PermissionDenied, Reason
from s2v.core.job import JobSpec, Priority
from s2v_gateway.access.callers import Caller, Role


def check_priority(caller: Caller, spec: JobSpec) -> None:
    """Refuse a priority to a caller who may not have others wait.

    Raises:
        PermissionDenied: ROLE_MISSING.
    """
    if spec.priority is Priority.HIGH and Role.ADMIN not in caller.roles:
        raise PermissionDenied(
            Reason.ROLE_MISSING,
            "priority high is for callers with the role admin; ask for normal, or leave it out",
            field="spec.priority",
            metadata={"role": Role.ADMIN.value},
        )
