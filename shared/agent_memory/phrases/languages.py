"""The words that people name times with, in each language that is understood; English first.

Words of one meaning are separated by commas, and may be several words long. Case and accents don't count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, eq=False)  # a language is itself, whatever its words
class Language:
    """What a language calls things. Where a word means two things, it stands in both places."""

    months: tuple[str, ...]
    weekdays: tuple[str, ...]
    # From one on; further numbers are written in digits.
    numbers: tuple[str, ...]
    # From first on.
    ordinals: tuple[str, ...]
    # By the days from today.
    days: Mapping[int, str]
    # By the periods from this one: -1 is the last, -2 the one before it.
    relative: Mapping[int, str]
    units: Mapping[str, str]
    # Parts of a day.
    parts: Mapping[str, str]
    # Words that name a day and its part at once, by the days from today and the part.
    day_parts: Mapping[tuple[int, str], str]
    # The first, second and last third of a period.
    thirds: tuple[str, str, str]
    # In front of, or behind, how long ago something was.
    ago: str
    # In front of how soon something will be.
    ahead: str
    since: str
    # What a range begins with, and what stands between its ends.
    between: str
    to: str
    # In front of a time of day.
    at: str
    # Articles and prepositions: they make a number behind them an ordinal ("the 12", "am 12") and say nothing else.
    particles: str
    # In "5/6/2026".
    month_first: bool = False


ENGLISH: Final = Language(
    months=(
        "January, Jan", "February, Feb", "March, Mar", "April, Apr", "May", "June, Jun",
        "July, Jul", "August, Aug", "September, Sep, Sept", "October, Oct", "November, Nov", "December, Dec",
    ),
    weekdays=(
        "Monday, Mon", "Tuesday, Tue, Tues", "Wednesday, Wed", "Thursday, Thu, Thurs", "Friday, Fri",
        "Saturday, Sat", "Sunday, Sun",
    ),
    numbers=("one, a, an", "two, a couple of, a couple, couple of, couple", "three, a few, few", "four", "five", "six",
             "seven", "eight", "nine", "ten", "eleven", "twelve"),
    ordinals=("first", "second", "third", "fourth", "fifth"),
    days={0: "today, now", -1: "yesterday", -2: "the day before yesterday, day before yesterday", 1: "tomorrow",
          2: "the day after tomorrow, day after tomorrow"},
    relative={0: "this, current", -1: "last, past, previous, this past, this last", 1: "next, coming, this coming",
              -2: "before last, last but one"},
    units={"minute": "minute, minutes, min, mins, m", "hour": "hour, hours, h, hrs", "day": "day, days, d",
           "week": "week, weeks, w, wk", "weekend": "weekend, weekends", "month": "month, months",
           "quarter": "quarter, quarters", "year": "year, years, y"},
    parts={"morning": "morning", "noon": "noon, midday, lunchtime", "afternoon": "afternoon", "evening": "evening",
           "night": "night", "small hours": "small hours, early hours"},
    day_parts={(0, "night"): "tonight"},
    thirds=("early, beginning of, the beginning of, start of, the start of", "mid, middle of, the middle of",
            "late, end of, the end of"),
    ago="ago, back",
    ahead="in, within",
    since="since, ever since",
    between="between, from",
    to="to, and, until, till, through",
    at="at",
    particles="the, of, in, on, during, earlier, over, for",
    month_first=True,
)  # fmt: skip

GERMAN: Final = Language(
    months=(
        "Januar, Jänner, Jan", "Februar, Feber, Feb", "März, Mrz, Mär", "April, Apr", "Mai", "Juni, Jun",
        "Juli, Jul", "August, Aug", "September, Sep, Sept", "Oktober, Okt", "November, Nov", "Dezember, Dez",
    ),
    weekdays=(
        "Montag, Mo", "Dienstag, Di", "Mittwoch, Mi", "Donnerstag, Do", "Freitag, Fr", "Samstag, Sonnabend, Sa",
        "Sonntag, So",
    ),
    numbers=("eins, ein, eine, einem, einer, einen", "zwei", "drei, ein paar, einigen, paar", "vier", "fünf", "sechs",
             "sieben", "acht", "neun", "zehn", "elf", "zwölf"),
    ordinals=("erste, ersten, erster", "zweite, zweiten, zweiter", "dritte, dritten", "vierte, vierten",
              "fünfte, fünften"),
    days={0: "heute, jetzt", -1: "gestern", -2: "vorgestern", 1: "morgen", 2: "übermorgen"},
    relative={0: "diese, dieser, diesen, diesem, dieses, aktuelle, aktuellen",
              -1: "letzte, letzter, letzten, letztem, letztes, vorige, voriger, vorigen, voriges, vorigem, vergangene, "
                  "vergangener, vergangenen, vergangenes, vergangenem",
              1: "nächste, nächster, nächsten, nächstes, nächstem, kommende, kommenden, kommender, kommendes",
              -2: "vorletzte, vorletzter, vorletzten, vorletztes, vorletztem"},
    units={"minute": "Minute, Minuten, min", "hour": "Stunde, Stunden, Std", "day": "Tag, Tage, Tagen",
           "week": "Woche, Wochen, KW, Kalenderwoche", "weekend": "Wochenende, Wochenenden",
           "month": "Monat, Monate, Monaten, Monats", "quarter": "Quartal, Quartale, Quartalen, Quartals",
           "year": "Jahr, Jahre, Jahren, Jahres"},
    parts={"morning": "Morgen, früh, Vormittag, morgens, vormittags", "noon": "Mittag, mittags",
           "afternoon": "Nachmittag, nachmittags", "evening": "Abend, abends", "night": "Nacht, nachts"},
    day_parts={},
    thirds=("Anfang, zu Beginn, Beginn", "Mitte", "Ende"),
    ago="vor, her",
    ahead="in",
    since="seit, ab",
    between="zwischen, von, vom",
    to="und, bis, bis zum",
    at="um, gegen",
    particles="der, die, das, den, dem, des, am, im, in, an, vom, von, zum, während",
)  # fmt: skip

FRENCH: Final = Language(
    months=(
        "janvier, janv", "février, févr, fév", "mars", "avril, avr", "mai", "juin", "juillet, juil", "août",
        "septembre, sept", "octobre, oct", "novembre, nov", "décembre, déc",
    ),
    weekdays=("lundi, lun", "mardi", "mercredi, mer", "jeudi, jeu", "vendredi, ven", "samedi, sam", "dimanche, dim"),
    numbers=("un, une", "deux", "trois, quelques", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze",
             "douze"),
    ordinals=("premier, première", "deuxième, second, seconde", "troisième", "quatrième", "cinquième"),
    days={0: "aujourd'hui, maintenant", -1: "hier", -2: "avant-hier", 1: "demain", 2: "après-demain"},
    relative={0: "ce, cet, cette, en cours", -1: "dernier, dernière, derniers, dernières, passé, passée, précédent, "
                                                 "précédente",
              1: "prochain, prochaine, prochains, prochaines", -2: "avant-dernier, avant-dernière"},
    units={"minute": "minute, minutes, min", "hour": "heure, heures", "day": "jour, jours", "week": "semaine, semaines",
           "weekend": "week-end, weekend, week-ends", "month": "mois", "quarter": "trimestre, trimestres",
           "year": "an, ans, année, années"},
    parts={"morning": "matin, matinée", "noon": "midi", "afternoon": "après-midi", "evening": "soir, soirée",
           "night": "nuit"},
    day_parts={},
    thirds=("début", "mi, milieu", "fin"),
    ago="il y a, voici, voilà",
    ahead="dans",
    since="depuis",
    between="entre, de, du, des",
    to="et, à, au, jusqu'à, jusqu'au",
    at="vers",
    particles="le, la, les, l, de, du, d, des, en, au, dans, pendant, durant, à, ci, ces",
)  # fmt: skip

SPANISH: Final = Language(
    months=(
        "enero, ene", "febrero, feb", "marzo", "abril, abr", "mayo", "junio, jun", "julio, jul", "agosto",
        "septiembre, setiembre, sept", "octubre, oct", "noviembre, nov", "diciembre, dic",
    ),
    weekdays=("lunes, lun", "martes", "miércoles, mié", "jueves, jue", "viernes, vie", "sábado, sáb", "domingo, dom"),
    numbers=("un, una, uno", "dos", "tres, unos, unas, algunos, algunas, pocos, pocas", "cuatro", "cinco", "seis",
             "siete", "ocho", "nueve", "diez", "once", "doce"),
    ordinals=("primero, primer, primera", "segundo, segunda", "tercero, tercer, tercera", "cuarto, cuarta",
              "quinto, quinta"),
    days={0: "hoy, ahora", -1: "ayer", -2: "anteayer, antes de ayer, antier", 1: "mañana", 2: "pasado mañana"},
    relative={0: "este, esta, actual",
              -1: "pasado, pasada, pasados, pasadas, último, última, últimos, últimas, anterior",
              1: "próximo, próxima, próximos, próximas, que viene", -2: "antepasado, antepasada, penúltimo, penúltima"},
    units={"minute": "minuto, minutos, min", "hour": "hora, horas", "day": "día, días", "week": "semana, semanas",
           "weekend": "fin de semana, finde", "month": "mes, meses", "quarter": "trimestre, trimestres",
           "year": "año, años"},
    parts={"morning": "mañana", "noon": "mediodía", "afternoon": "tarde", "evening": "atardecer",
           "night": "noche", "small hours": "madrugada"},
    day_parts={(-1, "night"): "anoche"},
    thirds=("principios, inicios, comienzos, a principios, al principio", "mediados, a mediados",
            "finales, a finales, fines, a fines"),
    ago="hace, atrás",
    ahead="en, dentro de",
    since="desde",
    between="entre, de, del, desde",
    to="y, a, al, hasta",
    at="a las, a la, a eso de las",
    particles="el, la, los, las, de, del, en, durante, por, por la, a, día",
)  # fmt: skip

ITALIAN: Final = Language(
    months=(
        "gennaio, gen", "febbraio, feb", "marzo", "aprile, apr", "maggio, mag", "giugno, giu", "luglio, lug", "agosto",
        "settembre, sett", "ottobre, ott", "novembre, nov", "dicembre, dic",
    ),
    weekdays=("lunedì, lun", "martedì", "mercoledì, mer", "giovedì, gio", "venerdì, ven", "sabato, sab",
              "domenica, dom"),
    numbers=("un, una, uno", "due, un paio di", "tre, qualche, alcuni, alcune", "quattro", "cinque", "sei", "sette",
             "otto", "nove", "dieci", "undici", "dodici"),
    ordinals=("primo, prima", "secondo, seconda", "terzo, terza", "quarto, quarta", "quinto, quinta"),
    days={0: "oggi, adesso", -1: "ieri", -2: "l'altro ieri, altro ieri, avantieri, ieri l'altro", 1: "domani",
          2: "dopodomani"},
    relative={0: "questo, questa, quest, corrente",
              -1: "scorso, scorsa, scorsi, scorse, passato, passata, passati, passate, ultimo, ultima, ultimi, ultime",
              1: "prossimo, prossima, prossimi, prossime", -2: "penultimo, penultima"},
    units={"minute": "minuto, minuti, min", "hour": "ora, ore", "day": "giorno, giorni", "week": "settimana, settimane",
           "weekend": "fine settimana, weekend, week-end", "month": "mese, mesi", "quarter": "trimestre, trimestri",
           "year": "anno, anni"},
    parts={"morning": "mattina, mattino, mattinata", "noon": "mezzogiorno", "afternoon": "pomeriggio",
           "evening": "sera, serata", "night": "notte"},
    day_parts={(0, "morning"): "stamattina, stamani", (0, "evening"): "stasera", (0, "night"): "stanotte"},
    thirds=("inizio, all'inizio, inizi", "metà, a metà", "fine, alla fine"),
    ago="fa, or sono",
    ahead="tra, fra",
    since="da, dal, dalla",
    between="tra, fra, da, dal, dalla",
    to="e, a, al, alla, fino a, fino al",
    at="alle, all, verso le",
    particles="il, lo, la, i, gli, le, l, di, del, della, dell, dello, in, nel, nella, nell, al, alla, durante, negli, "
              "nelle, nei, per, a, ad",
)  # fmt: skip

PORTUGUESE: Final = Language(
    months=(
        "janeiro, jan", "fevereiro, fev", "março", "abril, abr", "maio", "junho, jun", "julho, jul", "agosto",
        "setembro, set", "outubro, out", "novembro, nov", "dezembro, dez",
    ),
    weekdays=(
        "segunda-feira, segunda, seg", "terça-feira, terça", "quarta-feira, quarta", "quinta-feira, quinta",
        "sexta-feira, sexta", "sábado, sáb", "domingo, dom",
    ),
    numbers=("um, uma", "dois, duas, um par de", "três, alguns, algumas, poucos, poucas", "quatro", "cinco", "seis",
             "sete", "oito", "nove", "dez", "onze", "doze"),
    ordinals=("primeiro, primeira", "segundo, segunda", "terceiro, terceira", "quarto, quarta", "quinto, quinta"),
    days={0: "hoje, agora", -1: "ontem", -2: "anteontem, antes de ontem", 1: "amanhã", 2: "depois de amanhã"},
    relative={0: "este, esta, neste, nesta, deste, desta, atual",
              -1: "passado, passada, passados, passadas, último, última, últimos, últimas, anterior",
              1: "próximo, próxima, próximos, próximas, que vem", -2: "retrasado, retrasada, penúltimo, penúltima"},
    units={"minute": "minuto, minutos, min", "hour": "hora, horas", "day": "dia, dias", "week": "semana, semanas",
           "weekend": "fim de semana, final de semana, no fim de semana, no final de semana", "month": "mês, meses",
           "quarter": "trimestre, trimestres", "year": "ano, anos"},
    parts={"morning": "manhã", "noon": "meio-dia", "afternoon": "tarde", "evening": "anoitecer",
           "night": "noite", "small hours": "madrugada"},
    day_parts={},
    thirds=("início, começo, no início, no começo", "meados, em meados", "fim, final, no fim, no final"),
    ago="há, atrás, faz",
    ahead="em, daqui a, dentro de",
    since="desde",
    between="entre, de, do, da, desde",
    to="e, a, à, ao, até",
    at="às, as",
    particles="o, a, os, as, de, do, da, dos, das, em, no, na, nos, nas, ao, à, durante, pela, pelo, dia",
)  # fmt: skip

# In the order in which they are tried.
LANGUAGES: Final[Mapping[str, Language]] = {
    "en": ENGLISH,
    "de": GERMAN,
    "fr": FRENCH,
    "es": SPANISH,
    "it": ITALIAN,
    "pt": PORTUGUESE,
}
