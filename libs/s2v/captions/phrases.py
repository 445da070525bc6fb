"""Words that tell where a phrase begins, by language."""

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Phrases:
    """What lines break before and what they do not break after.

    Attributes:
        beginning: conjunctions and prepositions; a line may well begin with one.
        clinging: those, articles, pronouns and auxiliaries; a line should not end with one.
    """

    beginning: frozenset[str] = frozenset()
    clinging: frozenset[str] = frozenset()


_BEGINNING = {
    "en": "and or but nor so yet because although though while when where whereas if unless until "
    "since that which who whom whose than as after before once about above across against along "
    "among around at behind below beneath beside between beyond by despite down during except for "
    "from in inside into like near of off on onto out outside over past through throughout to "
    "toward towards under up upon via with within without",
    "de": "und oder aber denn sondern weil obwohl während wenn wo dass ob als wie nachdem bevor "
    "damit sodass bis seit welche welcher welches ab an am auf aus bei beim durch für gegen hinter "
    "in im ins mit nach neben ohne über um unter von vom vor wegen zu zum zur zwischen",
    "fr": "et ou mais ni or donc car parce que qui quoi dont où quand lorsque puisque si comme à "
    "au aux avec avant après chez contre dans de du des depuis derrière dès devant durant en entre "
    "jusque malgré par parmi pendant pour sans sauf selon sous sur vers",
    "es": "y e o u pero sino ni porque aunque mientras cuando donde que quien cual si como a al "
    "ante bajo con contra de del desde durante en entre hacia hasta mediante para por según sin "
    "sobre tras",
    "it": "e ed o oppure ma però né perché benché mentre quando dove che chi cui se come a ad al "
    "alla alle ai agli con contro da dal dalla dalle dai di del della delle dei degli dopo durante "
    "fra in nel nella nelle nei negli per prima senza sotto su sul sulla sulle sui tra verso",
}
_CLINGING = {
    "en": "a an the this that these those my your his her its our their some any no every each "
    "either neither i you he she it we they am is are was were be been being have has had do does "
    "did will would shall should can could may might must not very more most too",
    "de": "der die das den dem des ein eine einen einem einer eines mein dein sein ihr unser euer "
    "kein keine jeder jede jedes dieser diese dieses ich du er sie es wir ihr bin bist ist sind "
    "seid war waren habe hat haben hatte wird werden kann muss soll will nicht sehr mehr so",
    "fr": "le la les un une l d mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs ce "
    "cet cette ces chaque aucun je tu il elle on nous vous ils elles ne pas suis es est sommes "
    "êtes sont ai as a avons avez ont très plus",
    "es": "el la los las un una unos unas mi mis tu tus su sus nuestro nuestra este esta estos "
    "estas ese esa cada yo tú él ella nosotros ellos ellas no se me te le lo es son está están he "
    "ha han muy más",
    "it": "il lo la i gli le l un uno una mio mia tuo tua suo sua nostro nostra questo questa quel "
    "quella ogni io tu lui lei noi voi loro non si mi ti ci è sono ho ha hanno molto più",
}


@cache
def phrases_of(language: str) -> Phrases:
    """Return what tells phrases in a language, such as "de"; nothing for one that is not known."""
    beginning = frozenset(_BEGINNING.get(language, "").split())
    return Phrases(beginning, beginning | frozenset(_CLINGING.get(language, "").split()))
