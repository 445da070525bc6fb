"""The command `s2v`, run in this process against a gateway in memory."""

from typer.testing import CliRunner, Result

from s2v.testing.fakes_gateway import FakeGateway
from s2v_cli.main import app


def s2v(*arguments: object, gateway: FakeGateway | None = None) -> Result:
    environment = {"S2V_SERVER": gateway.address} if gateway else {}
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env=environment)
