"""The words that show a decision, a cause or a rule, in each language: phrases between bars, and parts of words where a
script leaves no space between them. A star marks the word that a phrase is looked up by, if not the first.
"""

from __future__ import annotations

from typing import Final

# Somebody decided: said by anybody.
DECIDES: Final = """
decided|we decided|decision|agreed *to|agreed *on|agreed that|settled on|settled for|opted|opting|final call
let's *go with|lets *go with|let's *use|let's *stick|let's *keep|let's *drop|let's *not|going *with|go *with
went *with
went *for|go *for|going *for|stick with|stick to|sticking with|sticking to|stay with|stay on|staying with|staying on
i *chose|we *chose|they *chose|chosen|i *picked|we *picked|we'll *use|we'll *take|we'll *keep|we'll *go|we'll *do
we'll *drop|we'll *stay|we'll *have
we're *using|we're *dropping|we're *keeping|we're *moving|we're *going|we're *staying|we're *switching
i'd *rather|use *instead|switch to|switching to|move away from|no *longer support|deprecate
ruled out|scrap|signed off|is *final|we *won't|not *worth|leave it at|green light
entschieden|entscheidung|beschlossen|beschluss|einigen wir|geeinigt|abgestimmt|festgelegt|vereinbart|entscheiden uns
wir *nehmen|*nehmen wir|wir *bleiben|*bleiben wir|wir *verwenden|*verwenden wir|wir *nutzen|*nutzen wir
wir *setzen auf
wir *machen|*machen wir|wir *behalten|*behalten wir|wir *lassen|*lassen wir|wir *verzichten|*verzichten wir|wir *gehen
wir *stellen|*stellen wir|wir *steigen|*steigen wir|wir *streichen|*streichen wir|wir *werfen|fliegt raus|kommt raus
nehme *ich|ich *nehme|ich *bleibe
décidé|décidons|décision|convenu|tranché|retenu|retient|retenons|adopte|choisi|choisit|choisissons|opté|opte
on *part|on *prend|on *garde|on *reste|on *utilise|on *passe|on *fait|on *abandonne|on *supprime|on *met|on *laisse
on *va|partons *sur|prenons|gardons|restons|passons|utilisons
decidido|decidimos|decidí|decisión|acordado|acordamos|elegimos|elegido|optamos|optado|hemos *quedado
nos *quedamos|nos *vamos|vamos *con|vamos *a usar|usamos|usaremos|usemos|mantenemos|dejamos|seguimos|tiramos
descartamos|pasamos|cambiamos|quitamos
deciso|decidiamo|decisione|scelto|scegliamo|optato|optiamo|concordato|usiamo|useremo|teniamo|restiamo|andiamo
prendiamo
passiamo|togliamo|lasciamo|manteniamo|abbandoniamo|facciamo
decidido|decidimos|decidi|decisão|escolhemos|escolhido|optamos|optámos|optou|combinámos|combinamos|ficamos|ficar *com
vamos *usar|vamos *ficar|vamos *com|vamos *manter|vamos *adotar|usamos|mantemos|adotamos|deixamos|melhor
решили|решил|решила|решено|решение|решаем|выбрали|выбираем|остановились|остановимся|берем|берём|возьмем|возьмём
останемся|остаемся|остаёмся|используем|переходим|договорились|отказываемся
"""

# One thing rather than another: a choice of how something is done.
PREFERS: Final = """
rather *than|instead of|stattdessen|statt|anstatt|anstelle|à *la place|plutôt *que|au *lieu|en *lugar de|en *vez de
al *posto|invece *di|piuttosto *che|em *vez de|вместо
"""

# Somebody found out why, or that something is otherwise than it was thought.
FINDS: Final = """
root *cause|*cause was|*cause is|caused|culprit|turns *out|turned *out|*because of
due *to|the *reason|reason *is|reason *was|traced|boils *down|comes *down|came *down|stems|stemmed
to *blame|at *fault|the *bug was|the *bug is|the *problem was|the *problem is|the *issue was|the *issue is|it *was the
found *out|found *it|found *that|figured out|the *fault|actual *problem|real *problem|responsible for|*regression in
ursache|ursächlich|lag *daran|liegt *daran|lag *am|lag *an|liegt *am|liegt *an|schuld|stellte *sich heraus
stellt *sich heraus|herausgestellt|verursacht|auslöser|fehler *war|problem *war
la *cause|causé|causée|à *cause|venait|vient *de|provenait|provient|dû *à|due *à|responsable|coupable|s'avère
finalement
s'explique|en *fait|l'origine|fautif|faute
causa|causado|causada|culpa|culpable|resulta|resultó|debía|debido|motivo|razón|provocaba|provocado
descubierto|problema *era|fallo *era|error *era|venía
causa|causato|causata|colpa|colpevole|dovuto|dovuta|dipendeva|dipende *da|derivava|veniva *da|motivo
scoperto|risulta|era *il|problema *era|provocato
causa|causado|causada|culpa|culpado|afinal|descobri|descobrimos|devia-se|deve-se|devido|motivo|razão
provocado|problema *era|erro *era|vinha
причина|причине|оказалось|оказывается|виноват|виновата|виновато|из-за|дело *в|вызвано|вызвана|обнаружил
обнаружили|выяснилось
"""

# Somebody lays down how it is to be from now on.
RULES: Final = """
from *now on|from *here on|going *forward|from *today on|remember|new *rule|one *rule|*rule is|rule *from|our *policy
no *exceptions|under *no|must *not|mustn't|not *allowed|mandatory
*ab jetzt|*ab sofort|*ab heute|künftig|zukünftig|neue *regel|*regel ist|grundsätzlich|ausnahmslos|merke|merk
auf *keinen fall|keinesfalls|niemals|verboten|pflicht|ausschließlich
désormais|dorénavant|à *partir de|nouvelle *règle|interdit|obligatoire|rappelle|souviens|plus *jamais
partir *de ahora|en *adelante|nueva *regla|prohibido|obligatorio|recuerda
partir *da ora|partir *da adesso|d'ora|nuova *regola|vietato|obbligatorio|ricorda|ricordati
partir *de agora|daqui *em|nova *regra|proibido|obrigatório|lembra|lembre
впредь|отныне|правило|запрещено|обязательно|запомни|больше *не|ни *в
"""
# These lay down a rule where a clause begins with them, or behind one of the words below: "we never", not "it never".
STRESSES: Final = "never always nie immer jamais toujours nunca siempre jamás mai sempre никогда всегда"
WE: Final = "we you i please to must should wir ihr man bitte nous vous on nosotros noi мы"

# Short words of a choice; they decide where somebody answers with them.
CHOOSES: Final = """
use|take|better|keep|drop|we'll|we're|i'll|we|i'd|prefer|instead|only|skip|both|yes|then|first one|second one
lieber|wir|nimm|nehmt|nutze|behalte|lass|ja|nur|ich|dann
plutôt|prends|garde|utilise|laisse|oui|seulement|nous|alors
mejor|usa|usemos|deja|sí|solo|quédate|mantén|hagamos|hacemos|entonces
meglio|usa|tieni|lascia|sì|solo|noi|allora
usa|mantém|mantenha|deixa|sim|só|então|vamos
лучше|используй|оставь|давай|да|только|мы|тогда
"""

# How a person contradicts.
REFUSES: Final = "no nope nein nee non nah nö não нет nicht nono"
REFUSES_PARTS: Final = ("いや", "いいえ", "不，", "不,", "不是", "不用", "不要")

# What is only asked, offered, supposed or wished.
OPEN: Final = """
could would might maybe perhaps whether if should can possibly suggest
könnte könnten würde würden vielleicht eventuell ob falls sollte sollten kann möglich
pourrait pourrais peut-être si devrait
podría podríamos quizás quizá tal si debería
potrebbe potremmo forse se dovrebbe
poderia poderíamos talvez se deveria
может возможно если бы
"""
OPEN_PARTS: Final = "方法があ 方法もあ できます 候補 かもしれ でしょうか ますか 可以用 或者 也许 可能 要不要"

PARTS: Final[dict[str, str]] = {
    "decides": """
にしましょう にします にしよう で行きましょう でいきましょう 決め 決定 決まり 方針 採用 見送 やめて やめます
移行する 使いましょう
切り替えます 統一します ことにし 就用 还是用 决定 定了 选择 采用 改用 继续用 不用 不迁 不做 不要了 放弃 我们用
统一用 就这样 那就 先不
    """,
    "finds": """
原因 判明 が問題で せいで ためでした ことでした 不具合は 原来 是因为 导致 问题出在 问题在于 查到 发现 由于 根源
    """,
    "rules": """
絶対に 必ず 今後 これから 禁止 しないでください 常に 二度と ルール 从现在起 从今以后 以后 必须 一律 不许 不得
禁止 永远 绝对 规定
    """,
    "chooses": "ましょう はい 用 就",
}

# What a message holds that offers a choice.
OFFERS: Final = (
    " or ", " either ", "option", "alternativ", " oder ", "entweder", " ou ", "soit ", " o bien ", "opciones", "opções",
    "oppure", "opzioni", "либо", "или ", "または", "候補", "方法があります", "或者", "可以用", "shall i", "should i",
    "would ", "could ", "i compared", "propos", "propong", "suger", "empfehl", "recommend", "suggest", "sugger",
    "предлаг",
)  # fmt: skip
