"""English words that occur in talk about anything: what they say is seldom what it was about.

Unlike stop words they count, but less; a text of nothing else still has its terms.
"""

from __future__ import annotations

from agent_memory.worker.summarizer.text import term

_ACTING = """
accept accomplish achieve act admire affect agree aim allow answer appear appreciate approach arrive ask assume attend
avoid become begin believe belong bring build call care carry catch cause celebrate change chat check choose clear
close collect combine compare complete concern connect consider contain continue cope count cover create cut deal
decide deepen depend describe deserve develop discover discuss do draw drive drop embrace encourage end enjoy ensure
enter exist expect experience explain explore express face fall fill find finish fit focus follow force forget form
function gain gather grab grow guess guide handle hang happen hear help hit hold hope imagine impact improve include
increase inspire invite involve join jump kill know last laugh lead learn leave lend let listen live look lose love
maintain manage matter mean meet mention mind miss mix motivate move notice occur offer open organize overcome own
participate pass pay perform pick place plan play point pop practice prefer prepare present prevent produce promise
promote protect prove provide pull push put reach react read realize receive recharge recommend reduce refer reflect
relax release remain remember remind remove replace reply report represent require reset respond return run save
search send serve set settle share shift shine show sit sleep solve sort sound speak spend spread stand start stay
step stick stop struggle succeed suggest support suppose surprise surround take talk teach tell tend thrive touch
treat trust turn understand update value visit wait walk watch wear win wish wonder work worry write
"""
_JUDGING = """
able absolute alive alone amaze appropriate available aware awful bad beautiful best better big blessed boring brave
brief bright brilliant broad busy calm careful cheap clean clever close comfortable common complete confident cool
correct crazy creative crucial curious current cute dear deep different difficult direct eager early easy effective
empty entire equal essential exact excellent excite extra extreme fair familiar famous fantastic fast favorite
favourite final fine fit forward free fresh friendly full fun funny general gentle genuine glad grateful handy happy
hard healthy helpful high honest huge ideal immediate important impossible impressive incredible inspire interest
interested kind large late like likely little local long lovely lucky magical main major massive meaningful memorable
minor modern natural neat necessary negative normal obvious odd old open ordinary passionate patient peaceful perfect
personal pleased popular positive possible powerful precious present pretty previous private proud public pure quick
quiet rare ready real recent relaxed relevant rewarding rough sad safe scared separate serious sharp short significant
similar simple slow small smart smooth soft solid special specific strange strong stunning stupid successful suitable
super supportive sweet tall terrible thankful thick thoughtful thrilled tight tiny tired tough true typical unique
useful usual valuable vital warm weak weird wide wild wonderful worse worst worth wrong young yummy
"""
_NAMING = """
act action advice age air amount answer area arm art aspect attention attitude awareness back balance base basis bit
blast bond bottom boy break bunch business call care case cause center challenge chance change character choice class
comfort community concern condition connection content control conversation couple course culture damage day deal
decision detail determination difference difficulty direction dream ease edge effect effort emotion encouragement end
energy evening event example excitement experience expression eye face fact feedback feel feeling field folk force
form freedom friend friendship front fun future gift girl goal good gratitude group growth guess guy habit half hand
happiness head health heart help history hobby home hope hour house idea image imagination impact importance
information inspiration interest issue item job journey joy key kid kind knowledge lack last learning lesson level
life light line list look loss lot love luck man manner mark matter mean meaning means memory mention message mind
minute mix moment month mood morning motivation move name nature need news night note number opinion opportunity
option order outlet pain pair part passion past path pattern peace people perspective photo pic picture piece place
plan pleasure plenty point position possibility power practice pressure pride problem process progress project purpose
quality question range rate reach reaction reality reason relationship relaxation rest result risk role room rule
sense set shape share shot side sight sign situation size skill society somebody soul sound source space spirit spot
stage start state step story strength stress struggle stuff style success suggestion support sure surprise talent talk
taste team test thing thought time tip today together tomorrow tonight top topic touch town treat trip trouble truth
turn type understanding use value vibe view visit voice walk way week weekend while wish woman word work world worry
year yesterday
"""
_ANYWHERE = """
afternoon ago anyways apart away awesome cheers congrats definitely easily else especially eventually exactly far
finally further generally getting giving haha hardly hopefully immediately instead keen keeping knowing lately later
literally lol looking millisecond mostly nearly needing nowadays often once otherwise overall particularly perfectly
personally quickly rarely rather recently saying second seeing seriously slightly somehow sometimes somewhere soon
specially specifically spoke stoked suddenly surely telling thinking till totally tough trying twice unexpected
unfortunately upcoming usually wanting weekly whenever wherever whole worthwhile yay yup
"""

# As they are compared, so that every form of a word is meant.
COMMON = frozenset(
    key for words in (_ACTING, _JUDGING, _NAMING, _ANYWHERE) for word in words.split() if (key := term(word))
)
