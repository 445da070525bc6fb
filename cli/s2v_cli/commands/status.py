"""`s2v status`: how the services, the workers and the queue are."""

import typer

from s2v_cli.connecting import ServerOption, running_gateway
from s2v_cli.failing import FAILED


def status(server: ServerOption = "") -> None:
    """Tell how every service and worker is.

    The exit code is 1 if a service is away.
    """
    with running_gateway(server) as client:
        info = client.server_info()
        now = client.system_status()
    print(f"gateway     serving  version {info.version}")
    for service in now.services:
        state = "serving" if service.serving else "away"
        print(f"{service.name:<10}  {state:<7}  {service.message}".rstrip())
    for worker in now.workers:
        print(f"{worker.name:<10}  {worker.state:<7}  {worker.device}, {worker.restarts} restarts")
    print(f"jobs        {now.running_jobs} running, {now.queued_jobs} waiting")
    if not all(service.serving for service in now.services):
        raise typer.Exit(FAILED)
