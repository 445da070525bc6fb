"""Follow a job to its end, whatever happens to the gateway in between."""

from collections.abc import Iterator

from s2v.api.gateway.v1 import job_service_pb2 as pb
from s2v.api.gateway.v1.job_service_pb2_grpc import JobServiceStub
from s2v.client.calling import is_lost, our_errors
from s2v.client.patience import Patience
from s2v.core.errors import Reason, S2VError, Unavailable


def watch(
    stub: JobServiceStub, name: str, patience: Patience, *, resume_token: str = ""
) -> Iterator[pb.WatchJobResponse]:
    """Yield what happens to a job until `finished`; a broken stream goes on after its last message.

    Each stream begins with a snapshot, so one comes again after a break.

    Raises:
        Unavailable: the gateway stayed away for longer than patience lasts.
        S2VError: what WatchJob answered.
    """
    while True:
        call = stub.WatchJob(pb.WatchJobRequest(name=name, resume_token=resume_token))
        try:
            with our_errors():
                for response in call:
                    patience.renew()
                    resume_token = response.resume_token or resume_token
                    yield response
                    if response.WhichOneof("event") == "finished":
                        return
            raise Unavailable(Reason.SERVICE_UNAVAILABLE, f"the events of {name} broke off")
        except S2VError as error:
            if not is_lost(error):
                raise
            patience.wait(error)
        finally:
            call.cancel()
