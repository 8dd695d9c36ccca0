"""Words that say nothing by themselves, in the languages people talk to agents in most.

One set for all of them: conversations mix languages, and guessing the language of a line costs more than it gives.
"""

from __future__ import annotations

_ENGLISH = """
a an the this that these those there here it its it's that's there's i me my mine myself we us our ours you your yours
yourself he him his she her hers they them their theirs one ones someone something anyone anything everyone everything
nothing who whom whose which what what's when where why how whether if then else than and or but nor so because while
although though until unless since as at by for from in into of off on onto out over to under up upon with within
without about above across after again against along among around before behind below beside between beyond down
during through toward towards via per am is are was were be been being do does did doing done don't doesn't didn't
have has had having haven't hasn't hadn't can can't cannot could couldn't may might must mustn't shall should
shouldn't will won't would wouldn't isn't aren't wasn't weren't ain't i'm i've i'll i'd we're we've we'll we'd you're
you've you'll you'd he's she's they're they've they'll how've that'd it'd it'll that'll there'd who'd y'all let let's
get gets got getting gotten go goes going gone went come comes coming came make makes making made take takes taking
took taken give gives giving gave given put puts want wants wanted need needs needed like likes know knows knew think
thinks thought see sees saw seen say says said tell tells told look looks looking try tries tried trying use uses
using used keep keeps kept seem seems feel feels felt gonna wanna gotta kinda not no yes yeah yep nope ok okay oh wow
hey hi hello bye thanks thank please sorry sure great good nice cool awesome amazing really very quite just only also
too even still already yet now then today always never ever maybe perhaps actually basically probably definitely
certainly simply much many more most lot lots some any each every all both few several other others another same such
own first last next new thing things stuff way ways bit kind sort case well back able right continue proceed ahead e.g
i.e etc vs via am pm sounds glad absolutely totally truly exactly
itself ourselves yourselves himself herself themselves must've should've could've would've might've ultrathink
"""
_GERMAN = """
der die das den dem des ein eine einen einem einer eines kein keine keinen und oder aber sondern denn weil dass daß ob
wenn als wie wo was wer wen wem wann warum wieso ich du er sie es wir ihr mich mir dich dir ihn ihm uns euch ihnen mein
meine meinen dein deine sein seine seinen ihre ihren unser unsere euer sich selbst dieser diese dieses diesen diesem
jener jede jeder jedes alle alles man ist sind war waren bin bist sei wird werden wurde wurden worden habe hast hat
haben hatte hatten kann kannst können könnte könnten muss müssen soll sollen sollte will wollen wollte würde würden darf
dürfen mag möchte nicht kein nichts nur noch schon auch sehr mehr viel viele wenig ganz etwa etwas hier da dort dann
jetzt heute immer nie wieder mal doch ja nein bitte danke hallo gut genau so zu zum zur im in ins am an auf aus bei beim
bis durch für gegen mit nach ohne über um unter von vom vor zwischen während wegen damit dabei dafür davon dazu daran
darauf also eben gerade machen macht gemacht geht gehen gibt
"""
_FRENCH = """
le la les un une des du de d l au aux et ou mais donc or ni car que qui quoi dont où quand comment pourquoi je tu il
elle nous vous ils elles me te se moi toi lui leur leurs mon ma mes ton ta tes son sa ses notre nos votre vos ce cet
cette ces ça c'est est es suis sommes êtes sont était étaient être été ai as a avons avez ont avait avoir fait faire
fais peux peut pouvez peuvent dois doit veux veut voudrais faut ne pas plus moins très bien aussi encore déjà toujours
jamais ici là puis alors si oui non merci bonjour salut svp dans sur sous avec sans pour par chez vers entre depuis
pendant avant après comme tout tous toute toutes même autre autres j'ai n'est qu'il s'il
"""
_SPANISH = """
el la los las un una unos unas lo al del de y e o u pero sino que qué quien quién cual cuál cuando cuándo donde dónde
como cómo porque por para con sin sobre entre hasta desde hacia según ante bajo tras yo tú él ella nosotros ustedes
ellos ellas me te se nos le les mi mis tu tus su sus nuestro nuestra este esta esto estos estas ese esa eso esos esas
aquel aquella es son soy eres somos era eran fue fueron ser sido está están estoy estaba estar he has ha hemos han había
haber hay hace hacer hecho puede puedes puedo pueden podría debe debo quiero quiere tiene tengo tener no sí ni muy más
menos mucho muchos poco también tan ya aún todavía siempre nunca aquí allí ahora hoy gracias hola favor todo todos toda
todas otro otra otros mismo algo nada
"""
_PORTUGUESE = """
o os a as um uma uns umas do da dos das no na nos nas ao aos à às pelo pela em de e ou mas que quem qual quando onde
como porque por para com sem sobre entre até desde eu tu você vocês ele ela nós eles elas me te se lhe meu minha seu sua
nosso nossa este esta isto esse essa isso aquele aquela é são sou era eram foi foram ser sido está estão estou estava
estar tem têm tenho ter tinha há faz fazer feito pode posso podem deve quero quer não sim nem muito mais menos também já
ainda sempre nunca aqui ali agora hoje obrigado obrigada olá tudo todos toda todas outro outra mesmo algo nada
"""
_ITALIAN = """
il lo la i gli le un uno una del dello della dei degli delle al allo alla ai agli alle dal dalla nel nella sul sulla di
da in con su per tra fra e ed o ma che chi cui quale quando dove come perché se io tu lui lei noi voi loro mi ti si ci
vi ne mio mia tuo tua suo sua nostro nostra questo questa questi queste quello quella quelli è sono sei siamo siete era
erano fu essere stato stata ho hai ha abbiamo avete hanno aveva avere fa fare fatto può posso puoi possono deve devo
voglio vuole non sì no né molto più meno anche già ancora sempre mai qui lì ora oggi grazie ciao tutto tutti tutta tutte
altro altra stesso qualcosa niente
"""
_DUTCH = """
de het een en of maar want dat die dit deze wat wie waar wanneer waarom hoe ik jij je hij zij ze wij we jullie mij me
hem haar ons hun mijn jouw zijn is ben bent was waren wordt worden werd heb hebt heeft hebben had kan kunnen kun moet
moeten wil willen zal zullen zou niet geen wel ook nog al heel veel meer hier daar dan nu te op aan in uit met van voor
bij door over naar om tot zonder als graag bedankt alsjeblieft
"""
_RUSSIAN = """
и в во не что он на я с со как а то все она так его но да ты к у же вы за бы по только ее её мне было вот от меня еще
ещё нет о из ему теперь когда даже ну ли если уже или ни быть был него до вас опять вам ведь там потом себя ничего ей
может они тут где есть надо ней для мы тебя их чем была сам чтоб без будто чего раз тоже себе под будет тогда кто этот
того потому этого какой ним здесь этом один почти мой тем чтобы нее были куда зачем всех можно при об это эта эти этой
нужно очень почему зачем нам нас наш наша спасибо привет пожалуйста
"""
_OTHERS = """
i w z na do nie się to jest że co jak po ale czy tak za od przez dla są był była ten ta te już tylko może ja ty my
ve bir bu da de için ile ne mi mı çok daha en gibi ama var yok ben sen biz siz olan olarak
في من على إلى عن أن إن لا ما هذا هذه التي الذي كان كانت هو هي مع قد كل بعد قبل ثم أو و لم لن هل نعم شكرا
"""

_ALL = (_ENGLISH, _GERMAN, _FRENCH, _SPANISH, _PORTUGUESE, _ITALIAN, _DUTCH, _RUSSIAN, _OTHERS)

STOP_WORDS = frozenset(" ".join(_ALL).split())
