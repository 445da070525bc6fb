"""Make a film within one call."""

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Generator,
    Iterable,
    Iterator,
)
from typing import TYPE_CHECKING, Any

from s2v.api.gateway.v1 import generation_service_pb2 as pb
from s2v.client.calling import Sent, Terms, our_errors
from s2v.client.live_media import ArrivingMedia
from s2v.client.source import Media, Source
from s2v.rpc.threads import iterate_in_thread

if TYPE_CHECKING:
    from s2v.api.gateway.v1.generation_service_pb2_grpc import (
        GenerationServiceAsyncStub,
        GenerationServiceStub,
    )

AnyText = Iterable[str] | AsyncIterable[str]


def generate(
    stub: "GenerationServiceStub",
    files: Iterable[pb.GenerateRequest],
    text: Iterable[str],
    terms: Terms,
) -> Generator[pb.GenerateResponse]:
    """Send what `files` yields and then the text, and yield what comes back.

    Raises:
        Corrupt: CHUNK_CORRUPT, media arrived damaged.
        S2VError: what Generate answered.
        Exception: what reading the files or the text raised.
    """
    sent, media = Sent(), ArrivingMedia()
    call = stub.Generate(sent.each(_requests(files, text)), metadata=terms.metadata)
    try:
        with our_errors(sent):
            for response in call:
                _check(response, media)
                yield response
    finally:
        call.cancel()


async def generate_async(
    stub: "GenerationServiceAsyncStub",
    files: Generator[pb.GenerateRequest],
    text: AnyText,
    terms: Terms,
) -> AsyncGenerator[pb.GenerateResponse]:
    """Send files and text and yield what comes back, as `generate`."""
    sent, media = Sent(), ArrivingMedia()
    call = stub.Generate(metadata=terms.metadata)
    writing = asyncio.create_task(_write(call, sent.each_async(_requests_async(files, text))))
    try:
        with our_errors(sent):
            async for response in call:
                _check(response, media)
                yield response
    finally:
        writing.cancel()
        call.cancel()
        await asyncio.wait([writing])


def files_to_send(
    config: pb.GenerateConfig,
    *,
    audio: Media | None,
    reference: Media | None,
    pose: Media | None,
) -> Generator[pb.GenerateRequest]:
    """Return what comes before the text: the config, then each file's chunks.

    Raises:
        InvalidInput: FIELD_INVALID, a file is empty.
        OSError: a file cannot be read.
    """
    of_reference, of_audio, of_pose = (
        Source(data).chunks() if data is not None else () for data in (reference, audio, pose)
    )

    def requests() -> Generator[pb.GenerateRequest]:
        yield pb.GenerateRequest(config=config)
        yield from (pb.GenerateRequest(reference_chunk=chunk) for chunk in of_reference)
        yield from (pb.GenerateRequest(audio_chunk=chunk) for chunk in of_audio)
        yield from (pb.GenerateRequest(pose_chunk=chunk) for chunk in of_pose)

    return requests()


def _requests(
    files: Iterable[pb.GenerateRequest], text: Iterable[str]
) -> Iterator[pb.GenerateRequest]:
    yield from files
    for piece in _pieces(text):
        yield pb.GenerateRequest(text_chunk=piece)


async def _requests_async(
    files: Generator[pb.GenerateRequest], text: AnyText
) -> AsyncIterator[pb.GenerateRequest]:
    async for request in iterate_in_thread(files):
        yield request
    if isinstance(text, AsyncIterable):
        async for piece in text:
            yield pb.GenerateRequest(text_chunk=piece)
        return
    for piece in _pieces(text):
        yield pb.GenerateRequest(text_chunk=piece)


def _pieces(text: Iterable[str]) -> Iterable[str]:
    """Take a text that is given whole for one piece, not for a piece a character."""
    if isinstance(text, str):
        return [text] if text else []
    return text


async def _write(call: Any, requests: AsyncIterator[pb.GenerateRequest]) -> None:
    try:
        async for request in requests:
            await call.write(request)
        await call.done_writing()
    except Exception:  # noqa: BLE001 - whoever reads the call raises it
        call.cancel()


def _check(response: pb.GenerateResponse, media: ArrivingMedia) -> None:
    if response.WhichOneof("event") == "media":
        media.take(response.media)
