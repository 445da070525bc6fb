"""A spec as a message and back."""

import pytest

from s2v.api.gateway.v1 import job_pb2
from s2v_gateway.servicers.messages import spec_from_proto, spec_to_proto


def test_a_spec_that_names_no_liveliness_has_the_usual_one() -> None:
    assert spec_from_proto(job_pb2.JobSpec()).liveliness == 1.0


@pytest.mark.parametrize("liveliness", [0.0, 0.5, 1.5])
def test_a_liveliness_survives_the_way_there_and_back(liveliness: float) -> None:
    spec = spec_from_proto(job_pb2.JobSpec(liveliness=liveliness))
    assert spec.liveliness == liveliness
    assert spec_from_proto(spec_to_proto(spec)) == spec
