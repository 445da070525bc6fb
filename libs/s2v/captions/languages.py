"""Names of languages as MP4 wants them."""

import re

from s2v.core.captions import UNDETERMINED
from s2v.text.languages import primary

_CODES = (
    "af:afr am:amh ar:ara as:asm az:aze be:bel bg:bul bn:ben bo:bod br:bre bs:bos ca:cat "
    "cs:ces cy:cym da:dan de:deu el:ell en:eng eo:epo es:spa et:est eu:eus fa:fas fi:fin "
    "fo:fao fr:fra fy:fry ga:gle gd:gla gl:glg gu:guj ha:hau he:heb hi:hin hr:hrv ht:hat "
    "hu:hun hy:hye id:ind ig:ibo is:isl it:ita ja:jpn jv:jav ka:kat kk:kaz km:khm kn:kan "
    "ko:kor ku:kur ky:kir la:lat lb:ltz lo:lao lt:lit lv:lav mg:mlg mi:mri mk:mkd ml:mal "
    "mn:mon mr:mar ms:msa mt:mlt my:mya nb:nob ne:nep nl:nld nn:nno no:nor pa:pan pl:pol "
    "ps:pus pt:por qu:que ro:ron ru:rus rw:kin sa:san sd:snd si:sin sk:slk sl:slv sm:smo "
    "sn:sna so:som sq:sqi sr:srp st:sot su:sun sv:swe sw:swa ta:tam te:tel tg:tgk th:tha "
    "ti:tir tk:tuk tl:tgl tn:tsn to:ton tr:tur tt:tat ug:uig uk:ukr ur:urd uz:uzb vi:vie "
    "wo:wol xh:xho yi:yid yo:yor zh:zho zu:zul "
)
"""Two letters of ISO 639-1 and three of ISO 639-2/T."""
_THREE_LETTERS: dict[str, str] = dict(re.findall(r"(\w+):(\w+)", _CODES))


def three_letters(tag: str) -> str:
    """Return the language of a tag in three letters of ISO 639-2/T; "und" where it has none."""
    language = primary(tag)
    if len(language) == 3:
        return language
    return _THREE_LETTERS.get(language, UNDETERMINED)
