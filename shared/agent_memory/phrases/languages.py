"""The words that people name times with, in each language that is understood; English first.

Words of one meaning are separated by commas, and may be several words long. Case and accents don't count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    # Spring, summer, autumn and winter.
    seasons: tuple[str, str, str, str]
    # Christmas, its eve, the last day of the year, the first one, and Easter.
    feasts: tuple[str, str, str, str, str]
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
    # Words that name a unit and which one at once, by the periods from this one.
    periods: Mapping[tuple[int, str], str] = field(default_factory=dict)


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
             "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen"),
    ordinals=("first", "second", "third", "fourth", "fifth"),
    days={0: "today, now", -1: "yesterday", -2: "the day before yesterday, day before yesterday", 1: "tomorrow",
          2: "the day after tomorrow, day after tomorrow"},
    relative={0: "this, current", -1: "last, past, previous, this past, this last", 1: "next, coming, this coming",
              -2: "before last, last but one"},
    units={"minute": "minute, minutes, min, mins, m", "hour": "hour, hours, h, hrs", "day": "day, days, d",
           "week": "week, weeks, w, wk",
           "fortnight": "fortnight, fortnights", "weekend": "weekend, weekends", "month": "month, months",
           "quarter": "quarter, quarters", "year": "year, years, y"},
    parts={"morning": "morning", "noon": "noon, midday, lunchtime", "afternoon": "afternoon", "evening": "evening",
           "night": "night", "small hours": "small hours, early hours"},
    day_parts={(0, "night"): "tonight"},
    seasons=("spring, springtime", "summer", "autumn, fall", "winter"),
    feasts=("Christmas, Xmas, Christmas time, Christmas Day", "Christmas Eve", "New Year's Eve",
            "New Year, New Year's, New Year's Day", "Easter"),
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
             "sieben", "acht", "neun", "zehn", "elf", "zwölf", "dreizehn", "vierzehn",
             "fünfzehn"),
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
    seasons=("Frühling, Frühjahr, Frühlings, Frühjahrs", "Sommer, Sommers", "Herbst, Herbsts, Herbstes",
             "Winter, Winters"),
    feasts=("Weihnachten, Weihnachtstage, Weihnachtstagen, Weihnacht", "Heiligabend, Heiliger Abend", "Silvester",
            "Neujahr, Neujahrstag", "Ostern, Ostertage, Ostertagen"),
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
             "douze", "treize", "quatorze", "quinze"),
    ordinals=("premier, première", "deuxième, second, seconde", "troisième", "quatrième", "cinquième"),
    days={0: "aujourd'hui, maintenant", -1: "hier", -2: "avant-hier", 1: "demain", 2: "après-demain"},
    relative={0: "ce, cet, cette, en cours", -1: "dernier, dernière, derniers, dernières, passé, passée, précédent, "
                                                 "précédente",
              1: "prochain, prochaine, prochains, prochaines", -2: "avant-dernier, avant-dernière"},
    units={"minute": "minute, minutes, min", "hour": "heure, heures", "day": "jour, jours", "week": "semaine, semaines",
           "fortnight": "quinzaine, quinzaines",
           "weekend": "week-end, weekend, week-ends", "month": "mois", "quarter": "trimestre, trimestres",
           "year": "an, ans, année, années"},
    parts={"morning": "matin, matinée", "noon": "midi", "afternoon": "après-midi", "evening": "soir, soirée",
           "night": "nuit"},
    day_parts={},
    seasons=("printemps", "été", "automne", "hiver"),
    feasts=("Noël", "réveillon de Noël, veille de Noël", "Saint-Sylvestre, réveillon", "jour de l'an, nouvel an",
            "Pâques"),
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
             "siete", "ocho", "nueve", "diez", "once", "doce", "trece", "catorce", "quince"),
    ordinals=("primero, primer, primera", "segundo, segunda", "tercero, tercer, tercera", "cuarto, cuarta",
              "quinto, quinta"),
    days={0: "hoy, ahora", -1: "ayer", -2: "anteayer, antes de ayer, antier", 1: "mañana", 2: "pasado mañana"},
    relative={0: "este, esta, actual",
              -1: "pasado, pasada, pasados, pasadas, último, última, últimos, últimas, anterior",
              1: "próximo, próxima, próximos, próximas, que viene", -2: "antepasado, antepasada, penúltimo, penúltima"},
    units={"minute": "minuto, minutos, min", "hour": "hora, horas", "day": "día, días", "week": "semana, semanas",
           "fortnight": "quincena, quincenas",
           "weekend": "fin de semana, finde", "month": "mes, meses", "quarter": "trimestre, trimestres",
           "year": "año, años"},
    parts={"morning": "mañana", "noon": "mediodía", "afternoon": "tarde", "evening": "atardecer",
           "night": "noche", "small hours": "madrugada"},
    day_parts={(-1, "night"): "anoche"},
    seasons=("primavera", "verano", "otoño", "invierno"),
    feasts=("Navidad, Navidades", "Nochebuena", "Nochevieja", "Año Nuevo", "Pascua, Semana Santa"),
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
             "otto", "nove", "dieci", "undici", "dodici", "tredici", "quattordici", "quindici"),
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
    seasons=("primavera", "estate", "autunno", "inverno"),
    feasts=("Natale, feste di Natale", "vigilia di Natale, vigilia", "San Silvestro", "Capodanno", "Pasqua"),
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
             "sete", "oito", "nove", "dez", "onze", "doze", "treze", "catorze, quatorze", "quinze"),
    ordinals=("primeiro, primeira", "segundo, segunda", "terceiro, terceira", "quarto, quarta", "quinto, quinta"),
    days={0: "hoje, agora", -1: "ontem", -2: "anteontem, antes de ontem", 1: "amanhã", 2: "depois de amanhã"},
    relative={0: "este, esta, neste, nesta, deste, desta, atual",
              -1: "passado, passada, passados, passadas, último, última, últimos, últimas, anterior",
              1: "próximo, próxima, próximos, próximas, que vem", -2: "retrasado, retrasada, penúltimo, penúltima"},
    units={"minute": "minuto, minutos, min", "hour": "hora, horas", "day": "dia, dias", "week": "semana, semanas",
           "fortnight": "quinzena, quinzenas",
           "weekend": "fim de semana, final de semana, no fim de semana, no final de semana", "month": "mês, meses",
           "quarter": "trimestre, trimestres", "year": "ano, anos"},
    parts={"morning": "manhã", "noon": "meio-dia", "afternoon": "tarde", "evening": "anoitecer",
           "night": "noite", "small hours": "madrugada"},
    day_parts={},
    seasons=("primavera", "verão", "outono", "inverno"),
    feasts=("Natal", "véspera de Natal", "véspera de Ano Novo, réveillon", "Ano Novo", "Páscoa"),
    thirds=("início, começo, no início, no começo", "meados, em meados", "fim, final, no fim, no final"),
    ago="há, atrás, faz",
    ahead="em, daqui a, dentro de",
    since="desde",
    between="entre, de, do, da, desde",
    to="e, a, à, ao, até",
    at="às, as",
    particles="o, a, os, as, de, do, da, dos, das, em, no, na, nos, nas, ao, à, durante, pela, pelo, dia",
)  # fmt: skip

JAPANESE: Final = Language(
    months=("一月", "二月", "三月", "四月", "五月", "六月", "七月", "八月", "九月", "十月", "十一月", "十二月"),
    weekdays=("月曜日, 月曜", "火曜日, 火曜", "水曜日, 水曜", "木曜日, 木曜",
              "金曜日, 金曜", "土曜日, 土曜", "日曜日, 日曜"),
    numbers=("一", "二", "三, 数", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"),
    ordinals=("最初", "第二", "第三", "第四", "第五"),
    days={0: "今日, 本日, 今", -1: "昨日, きのう", -2: "一昨日, おととい", 1: "明日, あした", 2: "明後日, あさって"},
    relative={0: "この", -1: "この前, 前の, 過去, 直近, ここ", 1: "次の", -2: "前々"},
    units={"minute": "分, 分間", "hour": "時間", "day": "日, 日間", "week": "週間, 週", "weekend": "週末",
           "month": "ヶ月, か月, カ月, ヶ月間, か月間", "quarter": "四半期", "year": "年, 年間"},
    parts={"morning": "朝, 午前", "noon": "昼, 正午", "afternoon": "午後", "evening": "夕方", "night": "夜, 晩",
           "small hours": "未明, 明け方"},
    day_parts={(0, "morning"): "今朝", (0, "night"): "今夜, 今晩", (-1, "night"): "昨夜, 昨晩, ゆうべ"},
    seasons=("春", "夏", "秋", "冬"),
    feasts=("クリスマス", "クリスマスイブ", "大晦日", "元日, 正月, お正月", "イースター, 復活祭"),
    thirds=("初旬, 上旬, 初め", "中旬, 半ば", "下旬, 末, 終わり"),
    ago="前",
    ahead="後",
    since="以来",
    between="間",
    to="から",
    at="時に",
    particles="の, に, は, まで, の間",
    periods={(0, "week"): "今週", (-1, "week"): "先週", (-2, "week"): "先々週", (1, "week"): "来週",
             (0, "month"): "今月", (-1, "month"): "先月", (-2, "month"): "先々月", (1, "month"): "来月",
             (0, "year"): "今年", (-1, "year"): "去年, 昨年", (-2, "year"): "一昨年, おととし", (1, "year"): "来年"},
)  # fmt: skip

CHINESE: Final = Language(
    months=("一月", "二月", "三月", "四月", "五月", "六月", "七月", "八月", "九月", "十月", "十一月", "十二月"),
    weekdays=("周一, 星期一, 礼拜一", "周二, 星期二, 礼拜二", "周三, 星期三, 礼拜三", "周四, 星期四, 礼拜四",
              "周五, 星期五, 礼拜五", "周六, 星期六, 礼拜六", "周日, 星期日, 星期天, 礼拜天"),
    numbers=("一", "二, 两", "三, 几", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"),
    ordinals=("第一", "第二", "第三", "第四", "第五"),
    days={0: "今天, 现在", -1: "昨天", -2: "前天", -3: "大前天", 1: "明天", 2: "后天"},
    relative={0: "这, 这个, 本", -1: "上, 上个, 过去, 最近", 1: "下, 下个", -2: "上上, 上上个"},
    units={"minute": "分钟", "hour": "小时, 个小时", "day": "天, 日", "week": "周, 星期, 个星期, 礼拜, 个礼拜",
           "weekend": "周末", "month": "月, 个月", "quarter": "季度", "year": "年"},
    parts={"morning": "早上, 上午, 早晨", "noon": "中午", "afternoon": "下午", "evening": "傍晚", "night": "晚上, 夜里",
           "small hours": "凌晨"},
    day_parts={(0, "morning"): "今早", (0, "night"): "今晚", (-1, "night"): "昨晚, 昨夜"},
    seasons=("春天, 春季", "夏天, 夏季", "秋天, 秋季", "冬天, 冬季"),
    feasts=("圣诞节, 圣诞", "平安夜", "除夕", "元旦, 新年", "复活节"),
    thirds=("初, 上旬", "中旬", "下旬, 底, 末"),
    ago="前, 之前, 以前",
    ahead="后, 之后",
    since="自从",
    between="从",
    to="到, 至",
    at="在",
    particles="的, 份, 期间",
    periods={(0, "week"): "本周, 这周, 这星期, 这个星期", (-1, "week"): "上周, 上星期, 上个星期, 上礼拜",
             (-2, "week"): "上上周, 上上个星期", (1, "week"): "下周, 下星期, 下个星期", (-1, "year"): "去年",
             (0, "year"): "今年", (-2, "year"): "前年", (1, "year"): "明年"},
)  # fmt: skip

# In the order in which they are tried.
LANGUAGES: Final[Mapping[str, Language]] = {
    "en": ENGLISH,
    "de": GERMAN,
    "fr": FRENCH,
    "es": SPANISH,
    "it": ITALIAN,
    "pt": PORTUGUESE,
    "ja": JAPANESE,
    "zh": CHINESE,
}
