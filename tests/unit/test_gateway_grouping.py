from s2v.core.job import JobSpec, Order
from s2v.core.ports import Continuity
from s2v.testing.fakes_stages import artifact_of
from s2v_gateway.film.offers import EngineCatalogue, EngineOffer
from s2v_gateway.remote.grouping import DeviceGroups


def an_order(job_id: str, engine: str = "farm") -> Order:
    spec = JobSpec(frame_rate=25, engine=engine)
    reference = artifact_of("x", "image/jpeg")
    return Order(job_id, spec, reference, None, Continuity.INDEPENDENT)


def groups(*names: str) -> DeviceGroups:
    offer = EngineOffer(
        "farm", "", Continuity.INDEPENDENT, (25,), 64, 1920, (), (), device_groups=names
    )
    known = DeviceGroups()
    known.learn(EngineCatalogue((offer,)))
    return known


def test_segments_go_round_all_groups_and_stay_where_they_are() -> None:
    known = groups("a", "b", "c")
    dealt = [known.of(an_order("job"), index) for index in range(6)]

    assert set(dealt[:3]) == {"a", "b", "c"}
    assert dealt[3:] == dealt[:3]
    assert dealt == [known.of(an_order("job"), index) for index in range(6)]


def test_films_of_one_segment_begin_anywhere() -> None:
    known = groups("a", "b", "c")

    assert {known.of(an_order(f"job {n}"), 0) for n in range(30)} == {"a", "b", "c"}


def test_an_engine_without_groups_leaves_it_open() -> None:
    assert groups().of(an_order("job"), 0) == ""
    assert groups("a").of(an_order("job", "portrait"), 0) == ""
    assert DeviceGroups().of(an_order("job"), 0) == ""
