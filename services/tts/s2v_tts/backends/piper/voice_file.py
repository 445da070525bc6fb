"""Read what lies beside a voice of Piper: NAME.onnx and NAME.onnx.json."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from s2v.core.errors import InvalidInput, Reason

SETTING = "S2V_TTS_PIPER_VOICES"
_ESPEAK = "espeak"


class _AudioPart(BaseModel):
    sample_rate: int = Field(ge=8_000, le=48_000)


class _EspeakPart(BaseModel):
    voice: str


class _LanguagePart(BaseModel):
    code: str = ""


class _Description(BaseModel):
    audio: _AudioPart
    espeak: _EspeakPart
    language: _LanguagePart = _LanguagePart()
    phoneme_type: str = _ESPEAK
    phoneme_id_map: dict[str, tuple[int, ...]]
    num_speakers: int = 1
    hop_length: int = 256


@dataclass(frozen=True, slots=True)
class VoiceFile:
    """A voice.

    Attributes:
        path: of the network.
        name: to use in requests: the file's, without `.onnx`.
        language: BCP 47 tag.
        espeak_voice: what espeak-ng calls the language.
        ids: the network's numbers of each symbol.
        sample_rate: of the sound that comes out.
        hop_samples: how many samples a frame is.
        several: whether the network has several speakers; the first one speaks.
    """

    path: Path
    name: str
    language: str
    espeak_voice: str
    ids: Mapping[str, tuple[int, ...]]
    sample_rate: int
    hop_samples: int
    several: bool


def voice_files(folder: Path | None) -> list[VoiceFile]:
    """Return the voices in a folder, by name.

    Raises:
        InvalidInput: there is none, or one that cannot be used; `field` is the setting.
    """
    if folder is None:
        raise bad_setting("name a folder with voices of Piper: NAME.onnx beside NAME.onnx.json")
    paths = sorted(folder.glob("*.onnx"))
    if not paths:
        raise bad_setting(f"there is no NAME.onnx in {folder}")
    return [_voice_file(path) for path in paths]


def bad_setting(message: str) -> InvalidInput:
    """Return what is wrong with the setting."""
    return InvalidInput(Reason.FIELD_INVALID, message, field=SETTING)


def _voice_file(path: Path) -> VoiceFile:
    described = path.with_name(f"{path.name}.json")
    try:
        config = _Description.model_validate_json(described.read_bytes())
    except OSError as error:
        raise bad_setting(f"{described} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise bad_setting(f"{described} is no voice of Piper: {where}: {first['msg']}") from error
    if config.phoneme_type != _ESPEAK:
        raise bad_setting(
            f"{path.name} reads {config.phoneme_type}, not espeak's phonemes; it cannot be used"
        )
    return VoiceFile(
        path=path,
        name=path.stem,
        language=(config.language.code or config.espeak.voice).replace("_", "-"),
        espeak_voice=config.espeak.voice,
        ids=config.phoneme_id_map,
        sample_rate=config.audio.sample_rate,
        hop_samples=config.hop_length,
        several=config.num_speakers > 1,
    )
