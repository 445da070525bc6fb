"""Make the fonts that captions are drawn with, of Noto fonts inside of wheels.

    pip download --no-deps manimgx-fonts==2026.9.26.post1 \
        pylopdf-fonts-zh-cn==0.1.1 pylopdf-fonts-ko==0.1.1
    pip install fonttools==4.68.0
    python tools/make_caption_fonts.py --wheels . --into libs/s2v/captions/fonts

`letters.ttf` joins Latin, Greek, Cyrillic, Arabic, Hebrew, Devanagari and Thai; `han.otf` has the
characters of GB 2312, JIS X 0208 and the first level of Big5; `hangul.otf` has those of KS X 1001.
`coverage.txt` lists what is in each.
"""

import argparse
import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.merge import Merger
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

LETTERS = ("NotoSans", "NotoSansArabic", "NotoSansHebrew", "NotoSansDevanagari", "NotoSansThai")
WEIGHT = 600
ASCII = frozenset(range(0x20, 0x7F))
HAN_CODES = (("gb2312", 0xA1, 0xF8), ("euc_jp", 0xA1, 0xF5), ("big5", 0xA4, 0xC7))
HANGUL_CODES = (("euc_kr", 0xA1, 0xC9),)


def font_in(wheels: Path, wheel: str, member: str) -> Any:
    """Open a font inside of a wheel."""
    (path,) = wheels.glob(f"{wheel}-*.whl")
    with zipfile.ZipFile(path) as archive:
        return TTFont(io.BytesIO(archive.read(member)))


def characters(codes: Iterable[tuple[str, int, int]]) -> Iterator[int]:
    """Yield the characters of two-byte codes whose first byte lies in a range."""
    for codec, first, end in codes:
        for high in range(first, end):
            for low in range(0x40, 0xFF):
                try:
                    text = bytes([high, low]).decode(codec)
                except UnicodeDecodeError:
                    continue
                yield from map(ord, text)


def reduced(font: Any, wanted: Iterable[int], features: list[str]) -> Any:
    """Leave of a font what these characters need."""
    options = subset.Options(layout_features=features, hinting=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    return font


def letters(wheels: Path, work: Path) -> Any:
    """Join the fonts of the scripts that are written with letters, at one weight."""
    paths = []
    for name in LETTERS:
        font = font_in(wheels, "manimgx_fonts", f"manimgx_fonts/{name}[wght].ttf")
        font = instancer.instantiateVariableFont(font, {"wght": WEIGHT})
        path = work / f"{name}.ttf"
        reduced(font, font.getBestCmap(), ["*"]).save(path)
        paths.append(str(path))
    joined = Merger().merge(paths)
    for path in paths:
        Path(path).unlink()
    return joined


def ranges(code_points: Iterable[int]) -> Iterator[str]:
    """Spell code points as ranges in hexadecimal."""
    ordered = sorted(code_points)
    first = last = ordered[0]
    for point in [*ordered[1:], -1]:
        if point != last + 1:
            yield f"{first:x}-{last:x}"
            first = point
        last = point


def main() -> None:
    """Make the fonts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheels", type=Path, required=True)
    parser.add_argument("--into", type=Path, required=True)
    arguments = parser.parse_args()
    into: Path = arguments.into
    into.mkdir(parents=True, exist_ok=True)
    han = font_in(
        arguments.wheels, "pylopdf_fonts_zh_cn", "pylopdf_fonts_zh_cn/NotoSansSC-Regular.otf"
    )
    hangul = font_in(
        arguments.wheels, "pylopdf_fonts_ko", "pylopdf_fonts_ko/NotoSansKR-Regular.otf"
    )
    fonts = {
        "letters.ttf": letters(arguments.wheels, into),
        "han.otf": reduced(han, ASCII | set(characters(HAN_CODES)), ["ccmp"]),
        "hangul.otf": reduced(hangul, ASCII | set(characters(HANGUL_CODES)), ["ccmp"]),
    }
    lines = []
    for name, font in fonts.items():
        font["head"].created = font["head"].modified = 0
        font.recalcTimestamp = False
        font.save(into / name)
        lines.append(f"{name} {' '.join(ranges(font.getBestCmap()))}\n")
    (into / "coverage.txt").write_text("".join(lines))


if __name__ == "__main__":
    main()
