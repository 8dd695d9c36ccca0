"""Words that show what a sentence does: whether it asks, decides, reports or only makes conversation."""

from __future__ import annotations

from collections.abc import Sequence

# Someone decided, did or found something, or gave a reason or a rule.
_REPORTING = """
decided decide decision agreed agree chose choose chosen instead because cause caused root reason fixed fix fixes
fixing bug found discovered discovery turned problem issue solution solved resolved works passing passes passed fails
failed failing broken added adds removed replaced changed renamed moved implemented created wrote written built
updated upgraded migrated deployed deploy merged released shipped finished done completed verified tested measured
should must plan planned planning next remember important rule prefer policy deadline requires required conclusion
result results means therefore recommend recommended started signed joined bought booked won applied researching
entschieden beschlossen entscheidung behoben gefunden ursache grund fehler problem lösung gelöst geändert hinzugefügt
entfernt ersetzt erstellt umgestellt funktioniert stattdessen fertig wichtig geplant sollten müssen
décidé décision corrigé trouvé cause raison erreur problème solution résolu ajouté supprimé remplacé créé modifié
important faut
decidido decisión decidimos corregido encontrado causa razón error solución resuelto añadido eliminado cambiado
creado importante decisão corrigido encontrei resolvido adicionado removido criado deciso corretto trovato soluzione
risolto aggiunto rimosso creato importante
решили решение исправил исправлено нашел нашёл причина ошибка проблема добавил удалил заменил создал важно нужно
"""
# As they are written, so that nothing needs folding when a sentence is looked at.
REPORTING = frozenset(form for word in _REPORTING.split() for form in (word, word.capitalize()))
# The same for scripts that leave no space between words, looked for as parts.
REPORTING_PARTS = (
    "決定", "決め", "修正", "原因", "解決", "変更", "追加", "削除", "実装", "完了", "重要",
    "问题", "解决", "修复", "发现", "决定", "因为",
)  # fmt: skip

# With these somebody lays down how things are to be from now on: what a memory is asked to keep.
_RULING = """
remember always never anymore
merke merk immer nie niemals
rappelle souviens toujours jamais
recuerda siempre nunca lembre sempre ricorda mai
запомни всегда никогда больше
"""
RULING = frozenset(form for word in _RULING.split() for form in (word, word.capitalize()))

# How a request begins, besides the polite forms that titles drop.
_ASKING = """
add build change check clean convert create debug deploy design document explain extend extract figure find fix
generate implement improve install integrate investigate make migrate move optimize port profile refactor release
remove rename replace research review rewrite run set setup show split summarize support test translate update
upgrade use verify write remember
"""
ASKING = frozenset(_ASKING.split())

# The same in other languages, with what is said when it is done.
_DOING_ELSEWHERE = """
http https two three four five six seven eight nine ten half second third
wrote renamed continued committed waits instead behind
füge schreib schreibe mach mache zeig zeige benenne umbenannt umbenennen prüfe prüfen aktualisiere aktualisiert behebe
behoben beheben committet starte bau baue lösche erstelle wurde konnte läuft laufen
renomme renommé ajoute corrige corriger fais rends relancé montre vérifie écris traduis supprime crée maintenant
renombra renombrado añade arregla corrige corregido muestra escribe crea borra pueda ordenar
rinomina rinominato aggiungi aggiunto correggi corretto mostra scrivi creato crea controlla vengono viene
muda mudei adiciona adicionei corrige corrigi mostra escreve criado cria apaga verifica
переименуй добавь исправь покажи напиши удали создай проверь
"""
DOING_ELSEWHERE = frozenset(_DOING_ELSEWHERE.split())

# How lines begin that only accompany the work: announcements, courtesy, offers.
_ACCOMPANYING = """
let me|i'll|i will|i'm going|now i|now let|let's see|let us|looking at|here's|here is|here are|one moment|i understand
great|perfect|excellent|awesome|sure|of course|okay|ok|got it|understood|absolutely|certainly|totally|agreed|i agree
yeah|yes|yep|i see|good question|sounds good|thanks|thank you|you're welcome|no problem|no worries|happy to|glad|hope
would you|do you want|shall i|should i|want me|how about|what about|hey|hi|hello|good morning|bye|take care|see you|wow
haha|good luck|congrats|congratulations|keep it
ich werde|lass mich|gerne|super|danke|klar|hallo|alles klar|möchtest du|soll ich|hier ist
je vais|merci|bien sûr|d'accord|bonjour|voici|voy a|gracias|claro|hola|vale|aquí está|vou|obrigado|olá|certo|grazie|ciao
сейчас я|спасибо|хорошо|привет|конечно|давайте
"""
_OPENINGS = frozenset(
    tuple(opening.split()) for line in _ACCOMPANYING.strip().splitlines() for opening in line.split("|")
)
_FIRST_WORDS = frozenset(opening[0] for opening in _OPENINGS)
# First words that lean on the sentence before.
_LEANING = """
it that this these those they he she so but and or then also which otherwise however there yet
das dies es aber und oder dann auch cela ça mais et eso esto pero y это но и а
"""
LEANING = frozenset(_LEANING.split())


def may_accompany(first: str) -> bool:
    """Whether a sentence that begins with this word can be one of courtesy; quicker than `accompanies`."""
    return first.rstrip(",.!").lower() in _FIRST_WORDS


def accompanies(words: Sequence[str]) -> bool:
    """Whether a sentence of these words, in small letters, begins like one that only accompanies the work."""
    if not words or words[0] not in _FIRST_WORDS:
        return False
    return any(tuple(words[:length]) in _OPENINGS for length in (1, 2, 3))
