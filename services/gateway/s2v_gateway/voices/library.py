"""The voices that callers made, beside those that are built in."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from s2v.core.errors import InvalidInput, NotFound, NotReady, Reason, S2VError, Unavailable
from s2v.core.job import JobSpec
from s2v.core.lexicon import Lexicon, going_before
from s2v.core.ports import Voice
from s2v.core.stages import KeptSample, VoiceStages
from s2v.rpc.finishing import to_the_end
from s2v.store.artifacts import FsspecStore
from s2v.text.languages import check_language
from s2v.text.limits import MAX_TEXT_CHARACTERS, check_text
from s2v.text.markup import read_marked
from s2v.text.normal.lexicon import check_lexicon
from s2v.text.normal.spans import Normalised
from s2v.text.reading import read_with_marks
from s2v_gateway.access.callers import Caller
from s2v_gateway.assets.library import Asset, Library
from s2v_gateway.assets.upload_rules import checked_request_id
from s2v_gateway.film.offers import ChosenVoice, VoiceOffer
from s2v_gateway.orders.catalogue import Catalogue, require_language
from s2v_gateway.records.assets import asset_not_found
from s2v_gateway.records.voice_rows import NewVoice, OwnVoice, voice_deleted
from s2v_gateway.records.voices import VoiceRecords, voice_exists, voice_not_found
from s2v_gateway.voices import rules

_TRIES = 3

_log = structlog.get_logger()

AnyVoice = VoiceOffer | OwnVoice
Refuse = Callable[[str, S2VError], Awaitable[None]]
"""Ends a job of that id that has not begun and cannot succeed any more."""


class Voices:
    """Voices; all methods are called on one event loop.

    Args:
        records: where callers' voices are written down.
        catalogue: has the built-in voices.
        library: has the recordings, and knows who needs which bytes.
        store: has the samples.
        stages: takes samples out of recordings.
        refuse: told of jobs whose voice is gone.
    """

    def __init__(
        self,
        records: VoiceRecords,
        catalogue: Catalogue,
        library: Library,
        store: FsspecStore,
        stages: VoiceStages,
        *,
        refuse: Refuse,
    ) -> None:
        self._records = records
        self._catalogue = catalogue
        self._library = library
        self._store = store
        self._stages = stages
        self._refuse = refuse

    async def create(self, caller: Caller, asked: NewVoice, *, request_id: str) -> OwnVoice:
        """Make a voice of a recording, or find the one that an equal call of the caller's made.

        Raises:
            InvalidInput: what is asked for can never be, or no voice can be made of the recording.
            NotFound: ASSET_NOT_FOUND.
            Conflict: VOICE_EXISTS, REQUEST_ID_REUSED.
            NotReady: CLONING_UNSUPPORTED.
            Exhausted: there is no room, or no time (LIMIT_EXCEEDED, STORAGE_FULL, WORKERS_BUSY).
            Unavailable: the tts service is away.
        """
        checked_request_id(request_id)
        rules.check_asked(asked)
        find = self._records.find_request
        if made := await asyncio.to_thread(find, caller, request_id, asked):
            return made
        asset = await asyncio.to_thread(self._asset, caller, asked.asset)
        rules.check_recording(asset)
        if any(offer.name.lower() == asked.name for offer in await self._catalogue.voices()):
            raise voice_exists(asked.name)
        backend = await self._cloning_backend(asked.backend)
        made_or_room = self._records.made_or_room
        if made := await asyncio.to_thread(made_or_room, caller, request_id, asked):
            return made
        for _ in range(_TRIES):
            try:
                kept = await self._stages.take_sample(
                    asset.artifact,
                    start_seconds=asked.start_seconds,
                    end_seconds=asked.end_seconds,
                )
            except NotFound as error:
                raise asset_not_found(asked.asset, field="asset") from error
            writing = asyncio.to_thread(self._write, caller, asked, kept, backend, request_id)
            if voice := await to_the_end(writing):
                _log.info("voice made", voice_id=voice.voice_id, backend=backend)
                return voice
        raise Unavailable(
            Reason.SERVICE_UNAVAILABLE,
            "the artifact store dropped what it had just been given; try again",
            retry_after_seconds=1.0,
        )

    async def every(self, caller: Caller) -> Sequence[AnyVoice]:
        """Return every voice that a caller may use: the built-in ones, then the caller's own.

        A voice of the caller's hides a built-in one that has come to have its name since.

        Raises:
            Unavailable: the tts service never answered.
        """
        own = await asyncio.to_thread(self._records.owned, caller)
        taken = {voice.name for voice in own}
        return [*(v for v in await self._catalogue.voices() if v.name not in taken), *own]

    async def get(self, caller: Caller, name: str) -> AnyVoice:
        """Return a voice.

        Raises:
            NotFound: VOICE_NOT_FOUND.
            Unavailable: it is none of the caller's, and the tts service never answered.
        """
        if own := await asyncio.to_thread(self._records.find, caller, name):
            return own
        for offer in await self._catalogue.voices():
            if offer.name == name:
                return offer
        raise voice_not_found(name)

    async def choose(self, caller: Caller, spec: JobSpec) -> ChosenVoice:
        """Return the voice for a job: the one it names, or a built-in one (`Catalogue.voice`).

        Raises:
            InvalidInput: VOICE_UNKNOWN, or the voice does not speak the job's language.
            NotReady: the backend cannot speak with it as it is set up now (CLONING_UNSUPPORTED).
            Unavailable: the tts service never answered.
        """
        own = {v.name: v for v in await asyncio.to_thread(self._records.owned, caller)}
        if voice := own.get(spec.voice):
            require_language(spec.language, voice.name, voice.language)
            await self._require_backend(voice)
            return ChosenVoice(voice.name, voice.language, voice.sampled, voice.lexicon)
        offer = await self._catalogue.voice(
            spec.voice, language=spec.language, text=read_marked(spec.text).spoken, beside=own
        )
        return ChosenVoice(offer.name, offer.language, lexicon=offer.lexicon)

    async def read(self, caller: Caller, name: str, text: str, lexicon: Lexicon) -> Normalised:
        """Return how a voice says a text, with a lexicon that goes before its own.

        Raises:
            NotFound: VOICE_NOT_FOUND.
            InvalidInput: TEXT_EMPTY, TEXT_TOO_LONG, or the lexicon cannot be (FIELD_INVALID).
            Unavailable: it is none of the caller's, and the tts service never answered.
        """
        check_lexicon(lexicon, field="lexicon")
        voice = await self.get(caller, name)
        words = going_before(lexicon, voice.lexicon)
        check_text(
            text, what="text", field="text", max_characters=MAX_TEXT_CHARACTERS, lexicon=words
        )
        speaker = Voice(voice.name, voice.language, lexicon=words)
        return await asyncio.to_thread(read_with_marks, text, speaker)

    async def update(
        self, caller: Caller, name: str, changes: Mapping[str, str | Lexicon]
    ) -> OwnVoice:
        """Change the description, language, transcript, backend or lexicon of a caller's voice.

        Raises:
            NotFound: VOICE_NOT_FOUND.
            NotReady: VOICE_BUILT_IN, CLONING_UNSUPPORTED.
            InvalidInput: a voice cannot be so.
            Unavailable: the tts service never answered.
        """
        voice = await self._own(caller, name)
        changed = dict(changes)
        for field, value in changes.items():
            match field, value:
                case "language", str():
                    check_language(value, field="voice.language")
                case "description", str():
                    rules.check_description(value)
                case "transcript", str():
                    rules.check_transcript(value, voice.measures.speech_seconds)
                case "backend", str():
                    changed[field] = await self._cloning_backend(value)
                case "lexicon", Mapping():
                    check_lexicon(value, field="voice.lexicon")
        return await asyncio.to_thread(self._records.update, caller, name, changed)

    async def delete(self, caller: Caller, name: str) -> None:
        """Drop a voice of the caller's, its sample, and the jobs that wait to speak with it.

        Raises:
            NotFound: VOICE_NOT_FOUND.
            NotReady: VOICE_BUILT_IN.
        """
        await to_the_end(self._delete(caller, name))

    async def _delete(self, caller: Caller, name: str) -> None:
        try:
            gone = await asyncio.to_thread(self._records.delete, caller, name)
        except NotFound:
            await self._own(caller, name)
            raise
        for job_id in gone.waiting_jobs:
            await self._refuse(job_id, voice_deleted(name))
        await asyncio.to_thread(self._library.drop_bytes, gone.sha256)
        _log.info("voice deleted", refused_jobs=len(gone.waiting_jobs))

    def _asset(self, caller: Caller, name: str) -> Asset:
        try:
            return self._library.get(caller, name)
        except NotFound as error:
            raise NotFound(error.reason, error.message, field="asset") from error

    def _write(
        self, caller: Caller, asked: NewVoice, kept: KeptSample, backend: str, request_id: str
    ) -> OwnVoice | None:
        """Write down a voice; None if the bytes of its sample went in the same moment.

        Somebody else may have had equal bytes and dropped them just before this voice was known to
        need them. What fails leaves no bytes behind.
        """
        try:
            rules.check_transcript(asked.transcript, kept.measures.speech_seconds)
            notices = (*kept.notices, *rules.transcript_advice(asked.transcript))
            voice = self._records.add(
                caller, asked, kept, backend=backend, notices=notices, request_id=request_id
            )
        except BaseException:
            self._library.drop_bytes(kept.sample.sha256)
            raise
        if not self._store.confirm(voice.sample.sha256):
            self._records.take_back(voice.voice_id)
            return None
        return voice

    async def _own(self, caller: Caller, name: str) -> OwnVoice:
        voice = await self.get(caller, name)
        if isinstance(voice, OwnVoice):
            return voice
        raise NotReady(
            Reason.VOICE_BUILT_IN,
            f"the voice {name!r} is built in and stays as it is; make one of your own",
            field="name",
        )

    async def _cloning_backend(self, name: str) -> str:
        """Return the backend of that name, or the first that clones for an empty name."""
        backends = await self._catalogue.backends()
        named = [backend for backend in backends if name in ("", backend.name)]
        if not named:
            names = ", ".join(backend.name for backend in backends)
            raise InvalidInput(
                Reason.FIELD_INVALID,
                f"there is no backend {name!r} here; there are: {names}",
                field="voice.backend",
            )
        if cloning := next((backend for backend in named if backend.clones), None):
            return cloning.name
        raise _cannot_clone(", ".join(backend.name for backend in named))

    async def _require_backend(self, voice: OwnVoice) -> None:
        backends = await self._catalogue.backends()
        if not any(backend.name == voice.backend and backend.clones for backend in backends):
            raise NotReady(
                Reason.CLONING_UNSUPPORTED,
                f"the voice {voice.name!r} is spoken by the backend {voice.backend}, which this "
                "server does not have now; choose another voice, or give this one another backend "
                "with UpdateVoice",
                field="spec.voice",
            )


def _cannot_clone(names: str) -> NotReady:
    return NotReady(
        Reason.CLONING_UNSUPPORTED,
        f"no voice can be made here: the backend {names} speaks with its own voices only; start "
        "the tts service with a backend that clones, such as S2V_TTS_BACKEND=fish",
        field="voice.backend",
    )
