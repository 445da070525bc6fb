"""Whoever subscribes hears everything that counts, however slowly it listens."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from s2v.core.job import Progress
from s2v.core.stages import Preview
from s2v_gateway.events.feed import Feed, News, Subscriber

JOB, OTHER = "0" * 32, "1" * 32
OLD, NEW = Progress(fraction=0.1), Progress(fraction=0.2)
PICTURE, NEXT_PICTURE = Preview(1, b"1"), Preview(2, b"2")

NEWS = st.builds(
    News,
    progress=st.sampled_from([None, OLD, NEW]),
    preview=st.sampled_from([None, PICTURE, NEXT_PICTURE]),
    history=st.booleans(),
    media=st.booleans(),
    closing=st.booleans(),
)


def test_of_progress_and_previews_the_newest_counts() -> None:
    merged = News(progress=OLD, preview=PICTURE).and_then(News(progress=NEW))
    assert merged == News(progress=NEW, preview=PICTURE)
    assert merged.and_then(News(preview=NEXT_PICTURE)).preview == NEXT_PICTURE


def test_that_something_grew_is_never_forgotten() -> None:
    for news in (News(history=True), News(media=True), News(closing=True)):
        assert news.and_then(News(progress=NEW)) == News(
            NEW, None, news.history, news.media, news.closing
        )
        assert News(progress=NEW).and_then(news).progress == NEW


def test_no_news_are_empty_and_the_least_of_news_are_not() -> None:
    assert not News()
    for news in (
        News(progress=OLD),
        News(preview=PICTURE),
        News(history=True),
        News(media=True),
        News(closing=True),
    ):
        assert news


@given(NEWS, NEWS, NEWS)
def test_it_matters_not_how_news_are_merged(first: News, second: News, third: News) -> None:
    assert first.and_then(second).and_then(third) == first.and_then(second.and_then(third))
    assert first.and_then(News()) == News().and_then(first) == first


async def test_a_slow_subscriber_gets_all_news_as_one() -> None:
    feed = Feed()
    with feed.subscribed(JOB) as subscriber:
        feed.tell(JOB, News(progress=OLD, history=True))
        feed.tell(JOB, News(progress=NEW))
        feed.tell(JOB, News(media=True))
        assert await subscriber.news(quiet_seconds=60) == News(NEW, None, history=True, media=True)
        assert not await subscriber.news(quiet_seconds=0)


async def test_whoever_waits_is_woken() -> None:
    feed = Feed()
    with feed.subscribed(JOB) as subscriber:
        waiting = asyncio.create_task(subscriber.news(quiet_seconds=60))
        await asyncio.sleep(0)
        feed.tell(JOB, News(preview=PICTURE))
        assert await waiting == News(preview=PICTURE)


async def test_silence_is_empty_news_and_loses_nothing() -> None:
    subscriber = Subscriber()
    assert not await subscriber.news(quiet_seconds=0)
    subscriber.tell(News(history=True))
    assert await subscriber.news(quiet_seconds=60) == News(history=True)


async def test_every_subscriber_of_a_job_hears_and_no_other() -> None:
    feed = Feed()
    with (
        feed.subscribed(JOB) as one,
        feed.subscribed(JOB) as two,
        feed.subscribed(OTHER) as other,
    ):
        feed.tell(JOB, News(history=True))
        assert await one.news(quiet_seconds=60) == await two.news(quiet_seconds=60)
        assert not await other.news(quiet_seconds=0)


async def test_a_job_is_watched_as_long_as_somebody_subscribes() -> None:
    feed = Feed()
    feed.tell(JOB, News(history=True))
    assert not feed.watched(JOB)
    with feed.subscribed(JOB):
        with feed.subscribed(JOB) as second:
            assert not await second.news(quiet_seconds=0)  # what was told before is not
        assert feed.watched(JOB)
        assert not feed.watched(OTHER)
    assert not feed.watched(JOB)


async def test_everybody_hears_that_the_gateway_goes_down() -> None:
    feed = Feed()
    with feed.subscribed(JOB) as one, feed.subscribed(OTHER) as other:
        feed.tell(JOB, News(history=True))
        feed.close()
        assert await one.news(quiet_seconds=60) == News(history=True, closing=True)
        assert await other.news(quiet_seconds=60) == News(closing=True)
