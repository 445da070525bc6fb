"""The `s2v` command within this process."""

from pathlib import Path

from typer.testing import CliRunner, Result

from s2v.testing.fakes_gateway import FakeGateway
from s2v_cli.main import app

PHOTO = Path("libs/s2v/samples/portrait.jpg").read_bytes()


def s2v(
    *arguments: object, gateway: FakeGateway | None = None, given: bytes | None = None
) -> Result:
    """Run a command, by default against a gateway; `given` is its standard input."""
    environment = {"S2V_SERVER": gateway.address} if gateway else {}
    words = [str(argument) for argument in arguments]
    return CliRunner().invoke(app, words, env=environment, input=given)
