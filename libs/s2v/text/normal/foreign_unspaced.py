"""Rewrite what the library reads wrongly in Chinese, Japanese and Korean."""

import re

_MONEY = {
    "zh": {"¥": "元", "￥": "元", "$": "美元", "€": "欧元", "£": "英镑"},
    "ja": {"¥": "円", "￥": "円", "$": "ドル", "€": "ユーロ", "£": "ポンド"},
    "ko": {"₩": "원", "$": "달러", "€": "유로"},
}
_UNITS = {
    "zh": {"km/h": "公里每小时", "m/s": "米每秒"},
    "ja": {
        "km/h": "キロメートル毎時",
        "%": "パーセント",
        "℃": "度",
        "°C": "度",
        "kg": "キログラム",
        "km": "キロメートル",
        "cm": "センチメートル",
    },
    "ko": {"km/h": "킬로미터 매시", "℃": "도"},
}
_FIGURES = {
    "zh": "零一二三四五六七八九",
    "ja": "〇一二三四五六七八九",
    "ko": "영일이삼사오육칠팔구",
}
_JOINT = {"ja": "の", "ko": " "}
_SUM = re.compile(r"([¥￥$€£₩]) ?([0-9]+(?:\.[0-9]+)?)")
_TELEPHONE = re.compile(
    r"(?<![0-9.,-])(?:1[3-9][0-9]{9}|0[0-9]{1,3}-[0-9]{3,4}-?[0-9]{4}|0[0-9]{2,3}-[0-9]{7,8})"
    r"(?![0-9-])"
)


def unspaced(written: str, language: str) -> str:
    """Return a clause as the library reads it right."""
    money, units, figures = _MONEY[language], _UNITS[language], _FIGURES[language]

    def telephone(match: re.Match[str]) -> str:
        joint = _JOINT.get(language, "")
        return "".join(figures[int(c)] if c.isdigit() else joint for c in match.group())

    said = _TELEPHONE.sub(telephone, written)
    said = _SUM.sub(lambda m: f"{m[2]}{money[m[1]]}" if m[1] in money else m.group(), said)
    for sign, name in units.items():
        said = re.sub(rf"(?<=[0-9]) ?{re.escape(sign)}(?![A-Za-z/])", name, said)
    return said
