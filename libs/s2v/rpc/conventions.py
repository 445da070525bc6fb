"""Names in traces: of spans, and of what they tell.

Those of remote calls and services are OpenTelemetry's semantic conventions
(https://opentelemetry.io/docs/specs/semconv/rpc/grpc/); what begins with `s2v.` is ours.
"""

from typing import Final

SERVICE_NAME: Final = "service.name"
SERVICE_NAMESPACE: Final = "service.namespace"
SERVICE_VERSION: Final = "service.version"
SERVICE_INSTANCE: Final = "service.instance.id"
RPC_SYSTEM: Final = "rpc.system"
RPC_SERVICE: Final = "rpc.service"
RPC_METHOD: Final = "rpc.method"
RPC_STATUS: Final = "rpc.grpc.status_code"
ERROR_TYPE: Final = "error.type"

JOB_SPAN: Final = "job"
TAKE_SPAN: Final = "take"
ENGINE_LOAD_SPAN: Final = "engine load"

JOB: Final = "s2v.job"
SEGMENT: Final = "s2v.segment"
TAKE: Final = "s2v.take"
WORKER: Final = "s2v.worker"
ENGINE: Final = "s2v.engine"
FRAMES: Final = "s2v.frames"
STATE: Final = "s2v.job.state"
CANCELLED: Final = "s2v.cancelled"
