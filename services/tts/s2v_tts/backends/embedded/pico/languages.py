"""The languages that Pico speaks: the files of each, and the sounds that its numbers stand for."""

# IPA letters are meant, however much some of them look like others.
# ruff: noqa: RUF001

from collections.abc import Mapping
from dataclasses import dataclass

from s2v.core.ports import Voice

STRESS = 33
"""The number, in every language, before a syllable with the main stress of its word."""


@dataclass(frozen=True, slots=True)
class PicoLanguage:
    """A language, and the voice that there is of it.

    Attributes:
        analysis: name of the file with the language.
        signal: name of the file with the voice.
        sounds: IPA by number. What is no sound (stress, borders, letters that stay silent) is not
            in it; a stop is two phones, the closure and what follows.
        closures: numbers of the closures of stops.
        pause: number of silence.
    """

    voice: Voice
    analysis: str
    signal: str
    sounds: Mapping[int, str]
    closures: frozenset[int]
    pause: int


def _sounds(first: int, symbols: str) -> dict[int, str]:
    """Number symbols from `first` on; "-" stands for what is no sound."""
    numbered = enumerate(symbols.split(), first)
    return {number: symbol for number, symbol in numbered if symbol != "-"}


def _language(
    tag: str, name: str, signal: str, sounds: dict[int, str], closures: set[int], pause: int
) -> PicoLanguage:
    voice = Voice(name, tag, "A woman's voice, clear and a little mechanical.")
    signal = f"{tag}_{signal}_sg.bin"
    return PicoLanguage(voice, f"{tag}_ta.bin", signal, sounds, frozenset(closures), pause)


LANGUAGES = (
    _language(
        "en-GB",
        "willow",
        "kh0",
        _sounds(
            36,
            "ɜː l̩ ə ɒ ɑː ð ɪ ɪə ŋ ɔː ɔɪ ʃ θ ʊ ʊə ʌ ʒ aɪ aʊ b d dʒ ɛ eə eɪ f g h iː j k l m n əʊ p æ"
            " ɹ s t tʃ uː v w z - - - - - - p t k - ʔ - ə",
        ),
        {94, 95},
        92,
    ),
    _language(
        "de-DE",
        "linde",
        "gl0",
        _sounds(
            36,
            "ø øː ɐ œ l̩ m̩ n̩ ʔ ə ç ɛ ɛː ɪ ŋ ɔ ɔʏ ʃ ʊ ʏ ʒ ɐ i o u a aː aɪ aʊ b d dʒ e eː f g h i iː"
            " j k l m n o oː p pf ʁ s t tʃ ts u uː v x y yː z - - - - - - p t k",
        ),
        {99, 100},
        104,
    ),
    _language(
        "es-ES",
        "encina",
        "zl0",
        _sounds(
            36,
            "β ð ɣ ɲ ʎ ŋ θ w a b d e f g i j ʝ k l m n o p ɾ r s t tʃ u x",
        ),
        {70, 71},
        69,
    ),
    _language(
        "fr-FR",
        "lavande",
        "nk0",
        _sounds(
            38,
            "ø ə œ œ ə ɛ e ɥ ɲ ŋ ɔ o ʁ ʃ ʒ a - b d e f g i j k l m n o p s t u v w y z œ̃ ɛ̃ ɔ̃ ɑ̃"
            " - - - - - - aː ɛː iː ɑ̃ː",
        ),
        {83, 84},
        82,
    ),
    _language(
        "it-IT",
        "ginestra",
        "cm0",
        _sounds(
            36,
            "ɛ ɛː ɲ ɲː ʎ ʎː ŋ ɔ ɔː ʃ ʃː j w a aː b bː d dʒ dː dʒː dzː dz e eː f fː g gː i iː k kː l"
            " lː m mː n nː o oː p pː ɾ r s sː t tʃ ts tː tʃː tsː u uː v vː z",
        ),
        {97, 98},
        96,
    ),
)
