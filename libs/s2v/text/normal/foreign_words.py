"""Words of other languages for what stands around figures: units, ranges, abbreviations."""

from functools import lru_cache

TO = {"de": "bis", "fr": "à", "es": "a", "it": "a", "pt": "a"}
"""Between the ends of a range."""
AGAINST = TO | {"de": "zu"}
"""Between the sides of a ratio or of a score."""
BY = {"de": "mal", "fr": "sur", "es": "por", "it": "per", "pt": "por"}
PLUS = {"de": "plus", "fr": "plus", "es": "más", "it": "più", "pt": "mais"}
HOURS = {"de": "{} Uhr {}", "fr": "{} heures {}", "it": "{} e {}"}
"""A time of day of hours and minutes, where the library does not say it."""
MONTHS = {
    "de": "Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember",
    "es": "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|"
    "diciembre",
    "fr": "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre",
    "it": "gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre|"
    "dicembre",
    "pt": "janeiro|fevereiro|março|abril|maio|junho|julho|agosto|setembro|outubro|novembro|"
    "dezembro",
}
UNITS = {
    "de": "km=Kilometer m=Meter cm=Zentimeter mm=Millimeter kg=Kilogramm g=Gramm mg=Milligramm "
    "t=Tonnen l=Liter L=Liter ml=Milliliter km/h=Kilometer_pro_Stunde m/s=Meter_pro_Sekunde "
    "m²=Quadratmeter km²=Quadratkilometer cm²=Quadratzentimeter m³=Kubikmeter ha=Hektar "
    "%=Prozent °C=Grad_Celsius °=Grad min=Minuten h=Stunden ms=Millisekunden W=Watt kW=Kilowatt "
    "kWh=Kilowattstunden V=Volt Hz=Hertz kHz=Kilohertz MHz=Megahertz GHz=Gigahertz dB=Dezibel "
    "kB=Kilobyte KB=Kilobyte MB=Megabyte GB=Gigabyte TB=Terabyte ct=Cent Ct=Cent",
    "es": "km=kilómetros m=metros cm=centímetros mm=milímetros kg=kilogramos g=gramos "
    "mg=miligramos t=toneladas l=litros L=litros ml=mililitros km/h=kilómetros_por_hora "
    "m/s=metros_por_segundo m²=metros_cuadrados km²=kilómetros_cuadrados "
    "cm²=centímetros_cuadrados m³=metros_cúbicos ha=hectáreas %=por_ciento °C=grados_Celsius "
    "°=grados min=minutos h=horas ms=milisegundos W=vatios kW=kilovatios kWh=kilovatios_hora "
    "V=voltios Hz=hercios kHz=kilohercios MHz=megahercios GHz=gigahercios dB=decibelios "
    "kB=kilobytes KB=kilobytes MB=megabytes GB=gigabytes TB=terabytes",
    "fr": "km=kilomètres m=mètres cm=centimètres mm=millimètres kg=kilogrammes g=grammes "
    "mg=milligrammes t=tonnes l=litres L=litres ml=millilitres km/h=kilomètres_par_heure "
    "m/s=mètres_par_seconde m²=mètres_carrés km²=kilomètres_carrés cm²=centimètres_carrés "
    "m³=mètres_cubes ha=hectares %=pour_cent °C=degrés_Celsius °=degrés min=minutes h=heures "
    "ms=millisecondes W=watts kW=kilowatts kWh=kilowattheures V=volts Hz=hertz kHz=kilohertz "
    "MHz=mégahertz GHz=gigahertz dB=décibels kB=kilooctets KB=kilooctets MB=mégaoctets "
    "GB=gigaoctets TB=téraoctets Ko=kilooctets Mo=mégaoctets Go=gigaoctets To=téraoctets",
    "it": "km=chilometri m=metri cm=centimetri mm=millimetri kg=chilogrammi g=grammi "
    "mg=milligrammi t=tonnellate l=litri L=litri ml=millilitri km/h=chilometri_all'ora "
    "m/s=metri_al_secondo m²=metri_quadrati km²=chilometri_quadrati cm²=centimetri_quadrati "
    "m³=metri_cubi ha=ettari %=per_cento °C=gradi_Celsius °=gradi min=minuti h=ore "
    "ms=millisecondi W=watt kW=chilowatt kWh=chilowattora V=volt Hz=hertz kHz=chilohertz "
    "MHz=megahertz GHz=gigahertz dB=decibel kB=kilobyte KB=kilobyte MB=megabyte GB=gigabyte "
    "TB=terabyte",
    "pt": "km=quilômetros m=metros cm=centímetros mm=milímetros kg=quilogramas g=gramas "
    "mg=miligramas t=toneladas l=litros L=litros ml=mililitros km/h=quilômetros_por_hora "
    "m/s=metros_por_segundo m²=metros_quadrados km²=quilômetros_quadrados "
    "cm²=centímetros_quadrados m³=metros_cúbicos ha=hectares %=por_cento °C=graus_Celsius "
    "°=graus min=minutos h=horas ms=milissegundos W=watts kW=quilowatts kWh=quilowatts-hora "
    "V=volts Hz=hertz kHz=quilohertz MHz=megahertz GHz=gigahertz dB=decibéis kB=quilobytes "
    "KB=quilobytes MB=megabytes GB=gigabytes TB=terabytes",
}
ONE = {
    "de": "Minuten=eine_Minute Stunden=eine_Stunde Tonnen=eine_Tonne Millisekunden="
    "eine_Millisekunde Kilowattstunden=eine_Kilowattstunde",
    "es": "horas=una_hora toneladas=una_tonelada hectáreas=una_hectárea libras=una_libra",
    "fr": "minutes=une_minute heures=une_heure tonnes=une_tonne millisecondes=une_milliseconde "
    "livres=une_livre",
    "it": "ore=un'ora tonnellate=una_tonnellata chilowattora=un_chilowattora sterline=una_sterlina",
    "pt": "horas=uma_hora toneladas=uma_tonelada gramas=um_grama libras=uma_libra reais=um_real",
}
"""One of what is feminine, or otherwise not made by a rule."""
ARTICLE = {"de": "ein", "es": "un", "fr": "un", "it": "un", "pt": "um"}
MONEY = {
    "de": {"€": ("Euro", ""), "$": ("Dollar", ""), "£": ("Pfund", "")},
    "es": {"€": ("euros", "con"), "$": ("dólares", "con"), "£": ("libras", "con")},
    "fr": {"€": ("euros", ""), "$": ("dollars", ""), "£": ("livres", "")},
    "it": {"€": ("euro", "e"), "$": ("dollari", "e"), "£": ("sterline", "e")},
    "pt": {"€": ("euros", "e"), "$": ("dólares", "e"), "£": ("libras", "e"), "R$": ("reais", "e")},
}
SCALES = {
    "de": "Mio.=Millionen Mrd.=Milliarden Tsd.=Tausend",
    "es": "M=millones_de mill.=millones_de mil=mil",
    "fr": "M=millions_de Md=milliards_de k=mille",
    "it": "mln=milioni_di mld=miliardi_di M=milioni_di",
    "pt": "mi=milhões_de bi=bilhões_de M=milhões_de mil=mil",
}
"""Between an amount and its currency."""
ABBREVIATIONS = {
    "de": "z._B.=zum_Beispiel d._h.=das_heißt u._a.=unter_anderem bzw.=beziehungsweise "
    "usw.=und_so_weiter ca.=circa inkl.=inklusive evtl.=eventuell ggf.=gegebenenfalls "
    "vgl.=vergleiche Nr.=Nummer Kap.=Kapitel Abb.=Abbildung Dr.=Doktor Prof.=Professor "
    "Mio.=Millionen Mrd.=Milliarden Std.=Stunden Tel.=Telefon Jh.=Jahrhundert Abs.=Absatz "
    "MwSt.=Mehrwertsteuer v._Chr.=vor_Christus n._Chr.=nach_Christus Str.=Straße",
    "es": "Sr.=señor Sra.=señora Srta.=señorita Dr.=doctor Dra.=doctora EE._UU.=Estados_Unidos "
    "pág.=página págs.=páginas núm.=número n.º=número cap.=capítulo art.=artículo "
    "aprox.=aproximadamente p._ej.=por_ejemplo etc.=etcétera "
    "Ud.=usted Uds.=ustedes av.=avenida Av.=Avenida Tel.=teléfono tel.=teléfono",
    "fr": "Mme=madame Mlle=mademoiselle Dr=docteur n°=numéro chap.=chapitre env.=environ "
    "p._ex.=par_exemple c.-à-d.=c'est-à-dire etc.=et_cetera vol.=volume Tél.=téléphone "
    "tél.=téléphone MM.=messieurs av.=avenue bd=boulevard",
    "it": "sig.=signor sig.ra=signora dott.=dottor dott.ssa=dottoressa prof.=professor "
    "ecc.=eccetera pag.=pagina pagg.=pagine n.=numero cap.=capitolo art.=articolo ca.=circa "
    "es.=esempio Sig.=Signor Sig.ra=Signora Dott.=Dottor Dott.ssa=Dottoressa Ing.=Ingegner "
    "Prof.=Professor Tel.=telefono tel.=telefono",
    "pt": "Sr.=senhor Sra.=senhora Dr.=doutor Dra.=doutora pág.=página nº=número "
    "aprox.=aproximadamente p._ex.=por_exemplo etc.=et_cetera cap.=capítulo "
    "Av.=Avenida Tel.=telefone tel.=telefone",
}
BEFORE_NUMBERS = {
    "de": "S.=Seite Art.=Artikel Bd.=Band §=Paragraf §§=Paragrafen",
    "es": "p.=página pp.=páginas",
    "fr": "p.=page pp.=pages art.=article",
    "it": "p.=pagina pp.=pagine",
    "pt": "p.=página pp.=páginas",
}
LAST = frozenset(("usw.", "etc.", "ecc."))
"""Abbreviations whose full stop may be the end of a sentence, too."""


def table(written: str) -> dict[str, str]:
    """Return what is written and what is said; spaces are "_" there."""
    pairs = (entry.split("=") for entry in written.replace("_", "\u00a0").split(" "))
    return {sign.replace("\u00a0", " "): said.replace("\u00a0", " ") for sign, said in pairs}


@lru_cache(maxsize=16)
def units(language: str) -> dict[str, str]:
    """Return the signs of units, and what many of each are called."""
    return table(UNITS[language])


def one_of(unit: str, language: str) -> str:
    """Return one of a unit, whose plural is given: "kilomètres" becomes "un kilomètre"."""
    odd = table(ONE[language]).get(unit)
    if odd is not None:
        return odd
    first, _, rest = unit.partition(" ")
    if language in ("es", "fr", "pt") and first not in ("por", "pour"):
        rest = (
            " ".join(word.removesuffix("s") for word in rest.split()) if rest[-1:] == "s" else rest
        )
        first = first.removesuffix("s")
    elif language == "it" and first.endswith("i"):
        first = f"{first[:-1]}o"
        rest = f"{rest[:-1]}o" if rest.endswith("i") else rest
    return f"{ARTICLE[language]} {first} {rest}".strip()
