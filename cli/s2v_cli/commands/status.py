"""`s2v status`: how the services, the workers and the queue are."""

import typer

from s2v.api.gateway.v1 import system_service_pb2
from s2v_cli.connecting import ServerOption, running_gateway
from s2v_cli.documents import JsonOption, print_document
from s2v_cli.failing import FAILED


def status(as_json: JsonOption = False, server: ServerOption = "") -> None:
    """Tell how every service and worker is.

    The exit code is 1 if a service is away.
    """
    with running_gateway(server) as client:
        info = client.server_info()
        now = client.system_status()
    if as_json:
        print_document(now, {"version": info.version})
    else:
        _show(now, info.version)
    if not all(service.serving for service in now.services):
        raise typer.Exit(FAILED)


def _show(now: system_service_pb2.GetSystemStatusResponse, version: str) -> None:
    print(f"gateway     serving  version {version}")
    for service in now.services:
        state = "serving" if service.serving else "away"
        print(f"{service.name:<10}  {state:<7}  {service.message}".rstrip())
    for worker in now.workers:
        print(f"{worker.name:<10}  {worker.state:<7}  {worker.device}, {worker.restarts} restarts")
    print(f"jobs        {now.running_jobs} running, {now.queued_jobs} waiting")
    for alarm in now.alarms:
        print(f"alarm       {alarm}")
