"""VoiceService over the voices and their previews."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime

from s2v.api.gateway.v1 import voice_service_pb2, voice_service_pb2_grpc
from s2v.core.artifact import WAV
from s2v.core.errors import InvalidInput, Reason
from s2v.core.lexicon import Lexicon
from s2v.core.ports import Notice, Working
from s2v.core.stages import Media
from s2v.rpc.convert import notice_to_proto
from s2v.rpc.convert_sound import sample_to_proto
from s2v.rpc.interceptor import Context
from s2v.text.normal.normalising import NORMALISER_VERSION
from s2v.text.normal.spans import ReadingWarning, SpokenSpan
from s2v_gateway.access.audit import AuditLog
from s2v_gateway.access.callers import caller
from s2v_gateway.records.voice_rows import NewVoice, OwnVoice
from s2v_gateway.servicers.messages import VOICES, timestamp
from s2v_gateway.servicers.paging import page_of
from s2v_gateway.voices.library import AnyVoice, Voices
from s2v_gateway.voices.previews import Previews
from s2v_gateway.voices.rules import consent_given

_CHANGEABLE = ("description", "language", "transcript", "backend", "lexicon")


class VoiceServicer(voice_service_pb2_grpc.VoiceServiceServicer):
    """See voice_service.proto."""

    def __init__(self, voices: Voices, previews: Previews, audit: AuditLog) -> None:
        self._voices = voices
        self._audit = audit
        self._previews = previews

    async def ListVoices(
        self, request: voice_service_pb2.ListVoicesRequest, context: Context
    ) -> voice_service_pb2.ListVoicesResponse:
        voices = await self._voices.every(caller())
        names = [voice.name for voice in voices]
        page, token = page_of(voices, names, size=request.page_size, token=request.page_token)
        return voice_service_pb2.ListVoicesResponse(
            voices=map(_listed, page), next_page_token=token
        )

    async def CreateVoice(
        self, request: voice_service_pb2.CreateVoiceRequest, context: Context
    ) -> voice_service_pb2.CreateVoiceResponse:
        who, asked = caller(), _asked(request)
        async with self._audit.entry(who, voice=asked.name, asset=asked.asset) as entry:
            voice = await self._voices.create(who, asked, request_id=request.request_id)
            entry.facts["sample"] = voice.sample.sha256
        return voice_service_pb2.CreateVoiceResponse(voice=_voice_to_proto(voice))

    async def GetVoice(
        self, request: voice_service_pb2.GetVoiceRequest, context: Context
    ) -> voice_service_pb2.GetVoiceResponse:
        voice = await self._voices.get(caller(), request.name.removeprefix(VOICES))
        return voice_service_pb2.GetVoiceResponse(voice=_voice_to_proto(voice))

    async def UpdateVoice(
        self, request: voice_service_pb2.UpdateVoiceRequest, context: Context
    ) -> voice_service_pb2.UpdateVoiceResponse:
        name = request.voice.name.removeprefix(VOICES)
        who, changes = caller(), _changes(request)
        async with self._audit.entry(who, voice=name) as entry:
            voice = await self._voices.update(who, name, changes)
            entry.facts["sample"] = voice.sample.sha256
        return voice_service_pb2.UpdateVoiceResponse(voice=_voice_to_proto(voice))

    async def DeleteVoice(
        self, request: voice_service_pb2.DeleteVoiceRequest, context: Context
    ) -> voice_service_pb2.DeleteVoiceResponse:
        who, name = caller(), request.name.removeprefix(VOICES)
        async with self._audit.entry(who, voice=name):
            await self._voices.delete(who, name)
        return voice_service_pb2.DeleteVoiceResponse()

    async def PreviewVoice(
        self, request: voice_service_pb2.PreviewVoiceRequest, context: Context
    ) -> AsyncIterator[voice_service_pb2.PreviewVoiceResponse]:
        name = request.name.removeprefix(VOICES)
        made = self._previews.preview(caller(), name, request.text)
        async with aclosing(made) as items:
            async for item in items:
                yield _preview_to_proto(item)

    async def NormalizeText(
        self, request: voice_service_pb2.NormalizeTextRequest, context: Context
    ) -> voice_service_pb2.NormalizeTextResponse:
        name = request.name.removeprefix(VOICES)
        reading = await self._voices.read(caller(), name, request.text, dict(request.lexicon))
        return voice_service_pb2.NormalizeTextResponse(
            spoken_text=reading.spoken,
            spans=map(_span_to_proto, reading.spans),
            warnings=map(_warning_to_proto, reading.warnings),
            normalizer_version=NORMALISER_VERSION,
        )


def _asked(request: voice_service_pb2.CreateVoiceRequest) -> NewVoice:
    """Read what a voice shall be.

    Raises:
        InvalidInput: CONSENT_MISSING, TEXT_TOO_LONG.
    """
    voice = request.voice
    consent = voice.consent
    return NewVoice(
        name=voice.name.removeprefix(VOICES),
        language=voice.language,
        description=voice.description,
        backend=voice.backend,
        transcript=voice.transcript.strip(),
        consent=consent_given(consent.statement, consent.date, datetime.now(UTC)),
        asset=request.asset,
        start_seconds=request.start_seconds,
        end_seconds=request.end_seconds,
        lexicon=dict(voice.lexicon),
    )


def _changes(request: voice_service_pb2.UpdateVoiceRequest) -> dict[str, str | Lexicon]:
    """Return what of a voice shall be new.

    Raises:
        InvalidInput: FIELD_INVALID, nothing, or what cannot be changed.
    """
    paths = list(request.update_mask.paths)
    if not paths or not set(paths) <= set(_CHANGEABLE):
        wrong = ", ".join(path[:40] for path in paths if path not in _CHANGEABLE) or "nothing"
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"update_mask names {wrong}; name what shall be new, of {', '.join(_CHANGEABLE)}: the "
            "sample and the consent stay, for others make another voice",
            field="update_mask",
        )
    given = {path: getattr(request.voice, path) for path in paths}
    return {
        path: value.strip() if isinstance(value, str) else dict(value)
        for path, value in given.items()
    }


def _listed(voice: AnyVoice) -> voice_service_pb2.Voice:
    """Spell a voice without its lexicon: a message has no room for those of a whole page."""
    message = _voice_to_proto(voice)
    message.ClearField("lexicon")
    return message


def _voice_to_proto(voice: AnyVoice) -> voice_service_pb2.Voice:
    message = voice_service_pb2.Voice(
        name=f"{VOICES}{voice.name}",
        language=voice.language,
        description=voice.description,
        backend=voice.backend,
        built_in=not isinstance(voice, OwnVoice),
    )
    if isinstance(voice, OwnVoice):
        message.transcript = voice.transcript
        message.lexicon.update(voice.lexicon)
        message.consent.statement = voice.consent.statement
        message.consent.date = voice.consent.date.isoformat()
        message.sample.CopyFrom(sample_to_proto(voice.measures))
        message.notices.extend(map(notice_to_proto, voice.notices))
        message.create_time.CopyFrom(timestamp(voice.create_time))
        message.update_time.CopyFrom(timestamp(voice.update_time))
    return message


def _span_to_proto(span: SpokenSpan) -> voice_service_pb2.SpokenSpan:
    return voice_service_pb2.SpokenSpan(
        source_first=span.source_first,
        source_end=span.source_end,
        spoken_first=span.spoken_first,
        spoken_end=span.spoken_end,
        speech_class=span.speech_class.value,
        rule=span.rule,
    )


def _warning_to_proto(warning: ReadingWarning) -> voice_service_pb2.ReadingWarning:
    return voice_service_pb2.ReadingWarning(
        code=f"READING_WARNING_CODE_{warning.code.name}",
        source_first=warning.source_first,
        source_end=warning.source_end,
        message=warning.message,
    )


def _preview_to_proto(item: Working | Notice | Media) -> voice_service_pb2.PreviewVoiceResponse:
    match item:
        case Media(offset, data):
            media_type = "" if offset else WAV
            return voice_service_pb2.PreviewVoiceResponse(
                offset=offset, data=data, media_type=media_type
            )
        case Notice() as notice:
            return voice_service_pb2.PreviewVoiceResponse(notice=notice_to_proto(notice))
        case Working():
            return voice_service_pb2.PreviewVoiceResponse()
