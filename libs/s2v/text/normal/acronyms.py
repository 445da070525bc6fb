"""Say words of capitals: acronyms as words or letter by letter, shouted words as words."""

import re

from s2v.text.normal.claiming import Reader, Rule
from s2v.text.normal.numerals import digits, number, pairs, plural, year
from s2v.text.normal.spans import SpeechClass
from s2v.text.normal.wordlists import words

_SAID = words(
    "NASA NATO UNESCO UNICEF OPEC AIDS LASER RADAR SCUBA SIM PIN RAM ROM GIF JPEG COVID FIFA "
    "NAFTA ASCII CRUD YOLO BIOS LAN WAN SWAT NAND RAID CAPTCHA IKEA LEGO TED OSHA HIPAA FEMA "
    "DARPA NASDAQ ASEAN BRICS JSON YAML REST SARS MERS SONAR ZIP POTUS SCOTUS FLOTUS PETA TASER "
    "BASIC COBOL NIMBY FOMO BAFTA EFTA CERN ESA NOAA UEFA BERT LoRA MIDI DOS NIST SIDS LAMP "
    "SOAP SAML GAN VAT IMAX MAGA ISIS WASP PAC DOGE CUDA SPAR FIAT SAAB NIVEA AIM MOMA MoMA "
    "VIX EBITDA UNIX LINUX AJAX LATEX LaTeX SLAM LIDAR CAD CAM MOOC ICANN AWOL GUI "
    "WHO'S OPERA HEPA NICU "
    "NVIDIA VIN BLEU ROUGE KEDA HELM SPA"
)
"""Read as words."""
_SPELT = words(
    "FBI CIA USA UK EU UN USB API CPU GPU HTML CSS HTTP HTTPS URL SQL PDF CEO CFO CTO COO IBM "
    "BBC CNN NBC ABC CBS HIV DNA RNA ATM GPS SMS TV PC DVD FAQ ID IQ AI ML NLP LLM TTS UI UX "
    "ASAP FYI DIY LOL OMG BTW RSVP UCLA MIT NYU NYC LA DC IEEE AAA BMW GM NBA NFL NHL MLB MVP "
    "GDP IMF IRS EPA FDA CDC NYPD LAPD NSA DHS UFO AWS SDK IDE ISP VPN LED LCD PHP SSH FTP DNS "
    "IP TCP UDP AM PM BC AD CE IOU ISO ETA EST PST UTC GMT EDT PDT CET OK TBA TBD AKA ICU ER "
    "MRI CT IPO IRA RPG NPC FPS VIP PhD UAE ACLU AARP NAACP ESPN HBO MTV PBS NPR OCD ADHD PTSD "
    "IOS OS EV SUV HR PR QA IT US EULA UAV ATP OLED EDM IPA ERP ETF IVF ISBN SEO AOL AEC BLT "
    "ROI UNHCR OECD WTO ILO ECB SAP BYOB ISS IAEA IOC UPS ICE ANC APA AMA EKG ECG"
)
"""Read letter by letter, though some could be words."""
SPELT_IN_ADDRESSES = words(
    "etc api cdn faq html css url sql pdf dvd usb rss xml ssh gpu cpu llm ftp dns vpn sdk cli"
)
"""Small letters of addresses and of code that are no words."""
_HUMMED = words(
    "hm hmm hmmm mm mmm mhm sh shh shhh pst psst tsk tch pft pfft brr brrr grr grrr zz zzz nth th "
    "st nd rd mr mrs ms dr vs ft ll"
)
"""Words without a vowel that are words."""
_COMMON = words(
    "THE AND NOT YOU ALL NEW NOW ONE OUT SEE TWO WAY WHO DID ITS LET PUT SAY SHE TOO USE YES NO "
    "ARE FOR BUT CAN HAD HAS HER HIM HIS HOW MAN OLD OUR OWN SET TEN BIG BAD END FAR FEW GET "
    "GOT MAY OFF RUN SIT TOP TRY WHY WAS WERE ANY ASK BUY CAR DAY DOG CAT EAT FUN GOD GUN HIT "
    "HOT JOB KEY LAW LOT LOW MAD MOM DAD BOY RED SAD SEX SUN TAX TEA WAR WIN WON YET AGO AIR "
    "ART BED BOX CUT DIE DRY EAR EGG EYE FAT FIT FIX FLY HEY HAT ICE ILL JOY KID LEG LIE MAP "
    "MIX NET NOR ODD OIL PAY PET POP RAW ROW SEA SKY SIX GO SO TO IN ON OF WE ME MY DO BE HE IF "
    "IS OR UP AN AS AT BY OH HI THIS THAT WITH FROM HAVE WILL YOUR WHAT WHEN THEY BEEN MORE "
    "VERY JUST LIKE ONLY OVER ALSO BACK AFTER STOP FREE NEVER ALWAYS SALE HELP LOVE HATE LIFE "
    "TIME WORK GOOD BEST LAST FIRST NEXT EVER EVEN MUST MAKE TAKE GIVE KNOW WANT NEED LOOK COME "
    "DONE DONT CANT WONT HERE THERE WHERE SOME MANY MUCH MOST LESS ONCE OPEN PLAY PART HOME "
    "HAND HEAD HIGH HARD LONG LATE LEFT LINE LIVE LOST MEAN MIND MISS MOVE NAME NEAR NICE NOTE "
    "PAGE PAST PLAN POOR REAL RICH SAFE SAID SAME SELF SEND SHOW SICK SIDE SIGN SOON SURE TALK "
    "TELL THAN THEM THEN THUS TRUE TURN UPON USED WAIT WALK WALL WARM WEEK WELL WENT WILD WISH "
    "WORD YEAR ZERO BLACK WHITE GREEN DEAR FAIL FAST FEAR FEEL FILL FIND FIRE FOOD FOOL FULL "
    "GAME GIRL GOLD GONE GREY GROW HOLD HOPE HOUR HURT IDEA INTO JUMP KEEP KILL KIND KING LAND "
    "LEAD MEET BOOK BORN BOTH CALL CARE CASE CITY COLD COOL COST DARK DATA DATE DEAD DEAL DEEP "
    "DOWN DROP EACH EASE EAST EASY EDIT ELSE EXIT FACE FACT BABY BALL BANK BASE BEAR BEAT BEEN "
    "BELL BLUE BODY BOMB BURN BUSY CAKE CAPS WAKE WEAR WEST WIDE WIFE WIND WINE WISE WOOD YARD "
    "ZONE TEXT TEST TODO INFO MENU MAX SAVE WEAK MINI PLUS PRO"
)
"""Words that people write in capitals to shout them."""
_AMBIGUOUS = words("US IT WHO AM ME OK IN OR AID ICE MAY SO ON")
"""Either; a shouted neighbour decides."""
_VOWELS = frozenset("AEIOUY")
_HARD_END = re.compile(
    r"(?:[BCDFGHJKLMNPQRSTVWXZ]{4}|[JQVWX]\Z|(?!CK|TZ|FF|GG|DD|ZZ|BB)[BCDFGKPTZ][BDFGKMPVWZ]\Z)"
)
_HARD_START = re.compile(
    r"(?![BCFGPS]L|[BCDFGKPTW]R|S[CKMNPQTW]|[CGPSTW]H|KN|WR|QU|TW|DW|SCH|SHR|THR|CHR|PHR)"
    r"[BCDFGHJKLMNPQRSTVWXZ]{2}"
)
_CAPS = re.compile(r"(?<![\w'’])[A-Z]{2,}(?!\w)")
_LOWER = re.compile(r"(?<![\w'’])[A-Za-z]*[a-z][A-Za-z]*")


def spelt(letters: str) -> str:
    """Return letters one by one."""
    return " ".join(letters)


def say_capitals(word: str, *, shouted: bool = False) -> str:
    """Say a word of capitals: letter by letter, as it stands, or, if it is shouted, in small."""
    if word in _COMMON and (shouted or word not in _AMBIGUOUS):
        return word.lower()
    if word in _AMBIGUOUS and shouted:
        return word.lower()
    if word in _SAID:
        return word
    if word in _SPELT:
        return spelt(word)
    if len(word) >= 6 or (is_pronounceable(word) and len(word) >= (3 if shouted else 4)):
        return word.lower() if shouted or len(word) >= 6 else word
    return spelt(word)


def is_voiceless(word: str) -> bool:
    """Tell whether small letters of code or of an address can only be said one by one."""
    return word in SPELT_IN_ADDRESSES or (
        1 < len(word) <= 4 and word.isascii() and not _VOWELS & set(word.upper())
    )


def is_pronounceable(word: str) -> bool:
    """Guess whether capital letters could be a word."""
    vowels = sum(letter in _VOWELS for letter in word)
    if not vowels or vowels == len(word):
        return False
    return _HARD_END.search(word) is None and _HARD_START.match(word) is None


def _is_shouted(match: re.Match[str]) -> bool:
    """Tell whether the words around are in capitals, too."""
    around = match.string[max(match.start() - 40, 0) : match.end() + 40]
    words = [word for word in _CAPS.findall(around) if word not in _SPELT and word not in _SAID]
    clear = sum(word in _COMMON or len(word) >= 6 for word in words)
    return (
        len(words) >= 2
        and (clear >= 1 or all(is_pronounceable(w) for w in words))
        and len(words) > len(_LOWER.findall(around))
    )


def _capitals(match: re.Match[str]) -> str:
    return say_capitals(match["it"], shouted=_is_shouted(match))


def _shouted_article(match: re.Match[str]) -> str | None:
    return "a" if _is_shouted(match) else None


def _shouted_short(match: re.Match[str]) -> str:
    return match.group().lower()


def _voiceless(match: re.Match[str]) -> str | None:
    letters = match["it"]
    if len(letters) == 3 and letters.endswith("th") and letters not in _HUMMED:
        return f"{letters[0]} th"  # the kth one
    return None if letters in _HUMMED else spelt(letters)


def _plural(match: re.Match[str]) -> str | None:
    word = match["word"]
    said = say_capitals(word)
    if " " not in said:
        return f"{said}{match['end']}"
    return f"{said}'s"


def _ampersand(match: re.Match[str]) -> str:
    said = " and ".join(spelt(part) for part in match["names"].split("&"))
    return f"{said}'s" if match["many"] else said


def _mixed(match: re.Match[str]) -> str:
    return {
        "PhD": "P H D",
        "VRAM": "V RAM",
        "WWI": "World War one",
        "WWII": "World War two",
        "WW1": "World War one",
        "TL;DR": "T L D R",
        "WW2": "World War two",
        "YoY": "year over year",
        "QoQ": "quarter over quarter",
        "MoM": "month over month",
        "PhDs": "P H D's",
        "iOS": "i O S",
        "macOS": "mac O S",
        "WiFi": "wi-fi",
        "IoT": "I O T",
        "tvOS": "T V O S",
        "watchOS": "watch O S",
        "iPadOS": "i pad O S",
        "SaaS": "sass",
        "PaaS": "pass",
        "MSc": "M S C",
        "BSc": "B S C",
        "LLMs": "L L M's",
        "ChatGPT": "chat G P T",
        "eBay": "ebay",
        "DoS": "D O S",
        "DDoS": "D dos",
        "mRNA": "m R N A",
        "pH": "P H",
        "GitHub": "Git Hub",
        "YouTube": "You Tube",
        "MySQL": "my S Q L",
        "NoSQL": "no S Q L",
        "PostgreSQL": "postgres Q L",
        "OpenAI": "open A I",
        "VSCode": "V S code",
    }[match["it"]]


def _letters_and_figures(match: re.Match[str]) -> str | None:
    said = [_piece(piece, match["it"]) for piece in _PIECES.findall(match["it"])]
    if len(said) > 1 and said[-1] == "s" and match["it"][-2].isdigit():
        said = [*said[:-2], plural(said[-2])]
    return " ".join(filter(None, said)) if len(match["it"]) <= 64 else None


def _model(match: re.Match[str]) -> str | None:
    """Say "Llama-3.1-70B"; "Q1-Q3" is a range."""
    parts = re.fullmatch(r"([A-Z]{1,2})([0-9]{1,2})[-–](\1)([0-9]{1,2})", match["it"])
    if parts and int(parts[2]) < int(parts[4]):
        name = spelt(parts[1])
        return f"{name} {number(parts[2])} to {name} {number(parts[4])}"
    return _unless_words(match)


def _unless_words(match: re.Match[str]) -> str | None:
    if re.match(r"[a-z]{3,}-[0-9]|[0-9,]+-[a-z]{2,}|[A-Za-z]+-[a-z]+-", match["it"]):
        return None
    return _letters_and_figures(match)


def _piece(piece: str, whole: str) -> str:
    if piece[0].isdigit():
        if len(piece) == 4 and piece[:2] in ("19", "20"):
            return year(int(piece))
        if len(piece) == 4 and whole[0].isalpha():
            return pairs(piece)
        resolution = whole == f"{piece}p" and len(piece) in (3, 4)
        if resolution or (len(piece) == 3 and piece[1:] != "00"):
            return pairs(piece)
        return digits(piece) if len(piece) > 4 or piece[0] == "0" else number(piece)
    if piece in "+-._/":
        return {"+": "plus", ".": "point"}.get(piece, "")
    if piece in _SAID or (
        piece.isupper() and len(piece) >= 4 and piece not in _SPELT and is_pronounceable(piece)
    ):
        return piece
    if piece.isupper():
        return spelt(piece)
    if len(piece) <= 3 and not any(letter in "aeiou" for letter in piece) and "-" not in whole:
        return spelt(piece)
    return spelt(piece) if len(piece) <= 2 and piece.islower() else piece


_PIECES = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|[A-Z]|[0-9]+|[-._+/]")


def _rule(name: str, kind: SpeechClass, pattern: str, read: Reader) -> Rule:
    return Rule(name, kind, re.compile(pattern), read)


MODELS = (
    _rule(
        "alphanumeric.flight",
        SpeechClass.ALPHANUMERIC,
        r"(?:(?<=\b[Ff]light )|(?<=\b[Ff]lights ))(?P<it>(?P<line>[A-Z]{2,3}) ?(?P<n>[0-9]{1,4}))"
        r"(?!\w)",
        lambda match: f"{spelt(match['line'])} {pairs(match['n'])}",
    ),
    _rule(
        "alphanumeric",
        SpeechClass.ALPHANUMERIC,
        r"(?<![\w.,$€£-])(?P<n>[1-9][0-9]{3})(?P<end>X3D|XTX?|X|GE?|HX|U)(?!\w)",
        lambda match: f"{pairs(match['n'])} {spelt(match['end']).replace('3', 'three')}",
    ),
    _rule(
        "alphanumeric.strand",
        SpeechClass.ALPHANUMERIC,
        r"(?<!\w)(?P<n>[35])['’′](?=[ -](?:[ACGTUN]{2,}|end|UTR|to|cap)\b|-?$)|(?<=[ACGT]{2}-)"
        r"(?P<n2>[35])['’′]",
        lambda match: f"{number(match['n'] or match['n2'])} prime",
    ),
    _rule(
        "alphanumeric",
        SpeechClass.ALPHANUMERIC,
        r"(?<![\w.-])(?P<it>[A-Za-z]{1,20}-?[0-9][A-Za-z0-9]{0,20}(?:\.[0-9]{1,6}(?![A-Za-z]))?"
        r"(?:[-–](?:[0-9]{1,6}(?:\.[0-9]{1,6})?[A-Z]?|[A-Z]{1,3}[0-9]{0,4}))+)(?![\w-])",
        _model,
    ),
    _rule(
        "alphanumeric",
        SpeechClass.ALPHANUMERIC,
        r"(?<![\w.])(?P<it>H\.26[0-9])(?!\w)",
        lambda match: f"H {pairs(match['it'][2:])}",
    ),
    _rule(
        "alphanumeric",
        SpeechClass.ALPHANUMERIC,
        r"(?<![\w.])(?P<it>802\.(?P<n>[0-9]{1,2})(?P<letters>[a-z]{0,3}))(?!\w|\.[0-9])",
        lambda match: f"eight oh two point {number(match['n'])} {spelt(match['letters'])}".strip(),
    ),
)
"""Names of models, whose letters are none of a number: in "i7-13700K" the K is no thousand."""
MIXED = (
    _rule(
        "acronym.ampersand",
        SpeechClass.ACRONYM,
        r"(?<!\w)(?P<it>(?P<names>[A-Z]{1,4}(?:&[A-Z]{1,4}){1,3})(?P<many>s)?)(?!\w)",
        _ampersand,
    ),
    _rule(
        "acronym.mixed",
        SpeechClass.ACRONYM,
        r"(?<!\w)(?P<it>YoY|QoQ|MoM|PhDs?|VRAM|WWII?|WW[12]|TL;DR|iOS|macOS|WiFi|IoT|tvOS|watchOS"
        r"|iPadOS|SaaS|PaaS|MSc|BSc|LLMs|C"
        r"hatGPT|eBay|DoS|DDoS|mRNA|pH|GitHub|YouTube|MySQL|NoSQL|PostgreSQL|OpenAI|VSCode)(?!\w)",
        _mixed,
    ),
    _rule(
        "acronym.language",
        SpeechClass.ACRONYM,
        r"(?<!\w)(?P<it>[CFJ])#(?!\w)",
        lambda m: f"{m['it']} sharp",
    ),
    _rule(
        "acronym.language",
        SpeechClass.ACRONYM,
        r"(?<!\w)(?P<it>[A-Z]\+\+)(?![A-Za-z])",
        lambda m: f"{m['it'][0]} plus plus",
    ),
    _rule("acronym.language", SpeechClass.ACRONYM, r"\.NET(?!\w)", lambda _: "dot net"),
    _rule(
        "alphanumeric",
        SpeechClass.ALPHANUMERIC,
        r"(?<![\w.-])(?=[A-Za-z-]{0,24}[0-9])(?=[0-9-]{0,24}[A-Za-z])(?P<it>[A-Za-z0-9]{1,40}"
        r"(?:-[A-Za-z0-9]{1,40}|(?<=[0-9])\.[0-9]{1,6}){0,8})(?!\w)(?!-[A-Za-z])",
        _unless_words,
    ),
)
WORDS = (
    _rule(
        "acronym.mixed",
        SpeechClass.ACRONYM,
        r"(?<![\w'’])(?P<it>(?:[a-z][BCDFGHJKLMNPQRSTVWXZ]{2,4}|pK[ab]|[a-z]{1,2}RNA|cDNA|eDNA))"
        r"(?!\w)",
        lambda match: spelt(match["it"]),
    ),
    _rule(
        "acronym.voiceless",
        SpeechClass.ACRONYM,
        r"(?<![\w'’.&/-])(?P<it>[bcdfghjklmnpqrstvwxz]{2,4})(?![\w'’&/-])",
        _voiceless,
    ),
    _rule(
        "acronym.shouted",
        SpeechClass.ACRONYM,
        r"(?<=[A-Z]{2} )A(?= [A-Z]{2})|(?<![\w.])A(?= [A-Z]{3,})",
        _shouted_article,
    ),
    _rule(
        "acronym.plural",
        SpeechClass.ACRONYM,
        r"(?<![\w'’])(?P<it>(?P<word>[A-Z]{2,6})(?P<end>['’]s|s))(?!\w)",
        _plural,
    ),
    _rule(
        "acronym", SpeechClass.ACRONYM, r"(?<![\w'’])(?P<it>[A-Z]{2,40})(?!\w|['’][A-Z])", _capitals
    ),
    _rule(
        "acronym.plus",
        SpeechClass.ACRONYM,
        r"(?:(?<=[A-Za-z]{2})|(?<=[A-Z]{2}[0-9]))\+(?=[\s,.;:!?)]|$)",
        lambda _: " plus",
    ),
    _rule(
        "acronym.shouted",
        SpeechClass.ACRONYM,
        r"(?<!\w)[A-Z]{1,20}['’](?:[A-Z]{1,2})(?!\w)",
        _shouted_short,
    ),
)
