"""Secrets that are known by their shape: the keys and tokens of services, each as its service writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from agent_memory.redaction.patterns import lazily

# Where a secret begins and ends in a text, and its kind.
Span = tuple[int, int, str]

# What a token is made of. Nothing shorter has a shape that only a token has.
RUN_MIN: Final = 16
_LETTERS: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
# A text in which each character is replaced by its kind is searched for a run many times faster than by a pattern.
_IN_RUN, _OUTSIDE = b"a", b" "
_KIND_OF: Final = bytes(_IN_RUN[0] if byte in _LETTERS else _OUTSIDE[0] for byte in range(256))
_SHORTEST_RUN: Final = _IN_RUN * RUN_MIN
# What a person or a program made up of words has none of, and of a generator's tokens one in a million has none.
_MADE: Final = lazily(r"[A-Z0-9]")
# A token has many different characters; what stands for one in a manual (`ghp_xxxxxxxx`) has few.
_DISTINCT_MIN: Final = 8

_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# Each is tried where a run begins, so that it needs no beginning of its own; what comes before a dot is looked back at.
# Lengths are the least there are: a service that makes its tokens longer must not have their ends kept.
_SHAPES: Final = (
    ("jwt", r"eyJ[\w-]{8,}+\.(?:eyJ[\w-]{4,}+(?:\.[\w-]*+)?|[\w-]*+(?:\.[\w-]++){2,3})"),
    # Clouds.
    (
        "aws-key",
        r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])|ABSK[A-Za-z0-9+/]{60,}+={0,2}|bedrock-api-key-[A-Za-z0-9+/]{20,}+={0,2}",
    ),
    (
        "google-key",
        r"AIza[\w-]{35}|GOCSPX-[\w-]{28}|(?<=ya29\.)[\w-]{20,}+|(?<=1//)0[\w-]{40,}+|(?<=AQ\.)Ab8RN6[\w-]{40,}+",
    ),
    ("azure-key", r"(?<=\dQ~)[\w~.-]{31,34}(?![\w~.-])"),
    ("alibaba-key", r"LTAI[A-Za-z0-9]{12,26}(?![A-Za-z0-9])|(?<=STS\.)(?=[A-Za-z]*\d)[A-Za-z0-9]{20,}+"),
    ("tencent-key", r"AKID[A-Za-z0-9]{32}(?![A-Za-z0-9])"),
    ("yandex-key", r"AQVN[\w-]{35,}+|y[0-3]_[\w-]{50,}+"),
    ("digitalocean-token", r"do[opr]_v1_[0-9a-f]{64}"),
    ("heroku-key", r"HRKU-[\w-]{36,}+"),
    ("fly-token", r"fo1_[\w-]{43}|fm[12][ar]?_[A-Za-z0-9+/=,_-]{40,}+"),
    ("netlify-token", r"nf[pcoub]_[A-Za-z0-9_]{36,}+"),
    ("vercel-token", r"vc[abcikprst]_[\w-]{24,}+|vercel_blob_rw_[A-Za-z0-9_]{30,}+"),
    ("render-key", r"rnd_[A-Za-z0-9]{24,}+"),
    ("cloudflare-key", r"(?<=v1\.)0-[0-9a-f]{24}-[0-9a-f]{100,}+|cf(?:ut|at|k)_[A-Za-z0-9_-]{40,}+"),
    ("supabase-key", r"sbp_(?=[\w-]*\d)[0-9a-z_-]{40,}+|sb_secret_[\w-]{20,}+"),
    ("planetscale-token", r"pscale_(?:tkn|pw|oauth|app|usr)_[\w.=-]{32,}+"),
    ("neon-key", r"napi_[A-Za-z0-9]{40,}+"),
    ("databricks-token", r"dapi[0-9a-f]{32}(?:-\d)?"),
    ("terraform-token", r"(?<=\.atlasv1\.)[\w=-]{60,}+"),
    (
        "vault-token",
        (
            r"(?<=hv[srb]\.)[\w-]{24,}+|(?:(?<=[ =:'\"\n]s\.)|(?<=[ =:'\"\n]b\.))(?=(?:[A-Za-z]*\d){3})(?=[a-z0-9]"
            r"*[A-Z])[A-Za-z0-9]{24}(?![\w.-])"
        ),
    ),
    ("doppler-token", r"(?<=dp\.[a-z][a-z]\.)[\w.-]{40,}+|(?<=dp\.scim\.)[\w.-]{40,}+|(?<=dp\.audit\.)[\w.-]{40,}+"),
    ("pulumi-token", r"pul-[0-9a-f]{40}"),
    ("scaleway-key", rf"SCW[A-Z0-9]{{17}}|scw_secret_{_UUID}"),
    ("openshift-token", r"(?<=sha256~)[\w-]{43}"),
    ("tailscale-key", r"tskey-[a-z]{2,10}-[\w-]{20,}+"),
    ("ngrok-key", r"ak_[A-Za-z0-9]{27}(?![A-Za-z0-9])|cr_[A-Za-z0-9]{27}(?![A-Za-z0-9])"),
    ("1password-token", r"ops_eyJ[\w+/=-]{100,}+|A3-[A-Z0-9]{6}-[A-Z0-9]{5,11}(?:-[A-Z0-9]{5,6}){3,4}"),
    ("age-key", r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
    # Code and packages.
    ("github-token", r"gh[pousr]_[A-Za-z0-9_]{30,}+|github_pat_[A-Za-z0-9_]{30,}+"),
    (
        "gitlab-token",
        r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|oas|imt|ffct|rtr|wt)-[\w.-]{18,}+|GR1348941[\w-]{20}",
    ),
    ("bitbucket-token", r"BBDC-[A-Za-z0-9+/@=_-]{40,50}|ATBB[A-Za-z0-9]{28,}+"),
    ("npm-token", r"npm_[A-Za-z0-9]{30,}+"),
    ("pypi-token", r"pypi-[\w-]{50,}+"),
    ("rubygems-key", r"rubygems_[0-9a-f]{48}"),
    ("crates-token", r"cio[A-Za-z0-9]{32}(?![A-Za-z0-9])"),
    ("nuget-key", r"oy2[a-z0-9]{43}(?![A-Za-z0-9])"),
    ("clojars-token", r"(?:CLOJARS|clojars)_[A-Za-z0-9]{60}"),
    ("docker-token", r"dckr_(?:pat|oat)_[\w-]{24,}+|SWMTKN-1-[a-z0-9]{40,}+-[a-z0-9]{20,}+|SWMKEY-1-[\w+/-]{36,}+"),
    ("jfrog-token", r"AKCp[A-Za-z0-9]{60,}+|cmVmd[A-Za-z0-9]{59}"),
    ("circleci-token", r"CCI(?:PAT|PRJ)_[A-Za-z0-9]{20,24}_[0-9a-z]{40}"),
    ("buildkite-token", r"bk(?:ua|aj|at|ar|ct|pt|pat)_[\w-]{40,}+"),
    ("sonar-token", r"sq[uap]_[0-9a-f]{40}"),
    ("snyk-token", rf"snyk_[a-z]{{2,5}}\.[\w.-]{{40,}}+|(?<=snyk_token=){_UUID}"),
    ("sourcegraph-token", r"sg[psd]_(?:local_)?[0-9a-fA-F_]{40,}+"),
    ("postman-key", r"PMAK-[0-9a-fA-F]{24}-[0-9a-fA-F]{34}|PMAT-[0-9A-Za-z]{26}"),
    ("octopus-key", r"API-[A-Z0-9]{26}(?![A-Za-z0-9])"),
    ("jetbrains-token", r"perm-[A-Za-z0-9]{8,}+\.[A-Za-z0-9-]{2,}+\.[A-Za-z0-9]{20,}+"),
    # Models.
    ("anthropic-key", r"sk-ant-[\w-]{16,}+"),
    ("openrouter-key", r"sk-or-v\d+-[\w-]{30,}+"),
    ("openai-key", r"sk-(?:proj|svcacct|admin|service|None)-[\w-]{20,}+|sk-[A-Za-z0-9]{32,}+"),
    ("langfuse-key", rf"sk-lf-{_UUID}"),
    ("langsmith-key", r"lsv2_(?:pt|sk)_[0-9a-fA-F]{32}_[0-9a-fA-F]{10}|ls__[0-9a-f]{32}"),
    ("huggingface-token", r"hf_[A-Za-z0-9]{30,}+|api_org_[A-Za-z0-9]{30,}+"),
    ("groq-key", r"gsk_[A-Za-z0-9]{40,}+"),
    ("xai-key", r"xai-[\w-]{60,}+"),
    ("perplexity-key", r"pplx-[A-Za-z0-9]{40,}+"),
    ("replicate-token", r"r8_[A-Za-z0-9]{37}"),
    ("nvidia-key", r"nvapi-[\w-]{50,}+"),
    ("together-key", r"tgp_v1_[\w-]{40,}+"),
    ("fireworks-key", r"fw_[A-Za-z0-9]{22,24}(?![A-Za-z0-9])"),
    ("cerebras-key", r"csk-[a-z0-9]{40,}+"),
    ("pinecone-key", r"pcsk_[A-Za-z0-9_]{50,}+"),
    ("tavily-key", r"tvly-(?:dev-|prod-)?[A-Za-z0-9]{28,}+"),
    ("firecrawl-key", r"fc-[0-9a-f]{32}"),
    ("elevenlabs-key", r"sk_[0-9a-f]{48}(?![A-Za-z0-9])"),
    ("jina-key", r"jina_[A-Za-z0-9_-]{50,}+"),
    ("cursor-key", r"key_[0-9a-f]{64}(?![A-Za-z0-9])"),
    ("e2b-key", r"e2b_[0-9a-f]{40}"),
    ("voyage-key", r"pa-[A-Za-z0-9_-]{43}(?![\w-])"),
    ("wandb-key", r"wandb_v1_[\w-]{50,}+"),
    ("llamacloud-key", r"llx-[A-Za-z0-9]{40,}+"),
    ("mem0-key", r"m0-[A-Za-z0-9]{40}(?![A-Za-z0-9])"),
    # Payment and shops.
    ("stripe-key", r"(?:sk|rk)_(?:live|test|prod)_[A-Za-z0-9]{10,}+|whsec_[A-Za-z0-9+/]{24,}+={0,2}"),
    ("square-token", r"EAAA[\w-]{58,62}(?![\w-])|sq0(?:atp|csp|idp)-[\w-]{22,43}"),
    ("plaid-token", rf"access-(?:sandbox|development|production)-{_UUID}"),
    ("shopify-token", r"shp(?:at|ca|pa|ss|ka)_[0-9a-fA-F]{32}"),
    ("flutterwave-key", r"FLWSECK_?(?:TEST|LIVE)?-[A-Za-z0-9]{12,}+(?:-[A-Z])?"),
    ("easypost-key", r"EZ[AT]K[A-Za-z0-9]{54}"),
    ("lob-key", r"(?:live|test)_(?:pub_)?[0-9a-f]{31,35}(?![A-Za-z0-9])"),
    ("duffel-token", r"duffel_(?:live|test)_[\w-]{40,}+"),
    ("shippo-token", r"shippo_(?:live|test)_[0-9a-fA-F]{40}"),
    ("gocardless-token", r"(?:live|sandbox)_[\w-]{40}(?![\w-])"),
    ("paddle-key", r"pdl_(?:live|sdbx)_apikey_[a-z0-9]{26}_[\w]{22}_[\w]{3}"),
    ("woocommerce-key", r"c[sk]_[0-9a-f]{40}(?![A-Za-z0-9])"),
    ("razorpay-key", r"rzp_(?:live|test)_[A-Za-z0-9]{14,}+"),
    # Talk, mail, offices.
    ("slack-token", r"xox[abceoprsd]-[\w.-]{10,}+|xapp-\d+-[\w-]{20,}+"),
    (
        "slack-webhook",
        r"(?:(?<=/B[A-Z0-9]{8}/)|(?<=/B[A-Z0-9]{9}/)|(?<=/B[A-Z0-9]{10}/)|(?<=/B[A-Z0-9]{11}/))[A-Za-z0-9]{20,}+",
    ),
    (
        "discord-token",
        r"[MNO][A-Za-z\d_-]{23,27}\.[\w-]{6}\.[\w-]{27,}+|(?:(?<=/\d{17}/)|(?<=/\d{18}/)|(?<=/\d{19}/))[\w-]{60,}+",
    ),
    ("telegram-token", r"(?<=\d:)A[\w-]{34}(?![\w-])"),
    ("sendgrid-key", r"(?<=SG\.)[\w-]{20,24}\.[\w-]{39,50}"),
    ("mailgun-key", r"key-[0-9a-f]{32}(?![A-Za-z0-9])|[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}(?![\w-])"),
    ("mailchimp-key", r"[0-9a-f]{32}-us\d{1,2}(?![A-Za-z0-9])"),
    ("brevo-key", r"x(?:keysib|smtpsib)-[0-9a-fA-F]{64}-[A-Za-z0-9]{16}"),
    ("resend-key", r"re_[A-Za-z0-9]{6,10}_[A-Za-z0-9]{20,}+"),
    ("mailersend-token", r"(?<=mlsn\.)[0-9a-zA-Z]{60,}+"),
    ("twilio-key", r"SK[0-9a-fA-F]{32}(?![A-Za-z0-9])"),
    ("notion-token", r"ntn_[A-Za-z0-9]{40,}+|secret_[A-Za-z0-9]{43}(?![A-Za-z0-9])"),
    ("linear-key", r"lin_(?:api|oauth|wh)_[A-Za-z0-9]{32,}+"),
    ("airtable-token", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    ("atlassian-token", r"AT[ACS]TT[\w=-]{60,}+"),
    ("figma-token", r"fig(?:d|o|or|oh|u)_[\w-]{36,}+"),
    ("hubspot-token", rf"pat-(?:na|eu)\d-{_UUID}"),
    ("typeform-token", r"tfp_[\w.-]{40,}+"),
    ("contentful-token", r"CFPAT-[\w-]{40,}+"),
    ("readme-key", r"rdme_[a-z0-9]{60,}+"),
    ("canva-secret", r"cnvca[\w-]{40,}+"),
    ("facebook-token", r"EAA[A-Za-z][A-Za-z0-9]{80,}+|(?<=\d{14}\|)[\w-]{27}(?![\w-])"),
    ("twitter-token", r"A{20}[A-Za-z0-9%]{50,}+"),
    # Watching and measuring.
    ("grafana-token", r"gl(?:c|sa)_[A-Za-z0-9+/=_]{32,}+|eyJrIjoi[A-Za-z0-9+/]{60,}+={0,2}"),
    ("newrelic-key", r"NR(?:AK|II|IQ|RA|JS|BR|SP|AA)-[A-Za-z0-9_-]{19,}+"),
    ("sentry-token", r"sntry[su]_[A-Za-z0-9+/=_-]{40,}+"),
    ("posthog-key", r"ph[cx]_[\w-]{40,}+"),
    ("honeycomb-key", r"hc[abc](?:ik|lk|mk)_[a-z0-9]{40,}+"),
    ("dynatrace-token", r"(?<=dt0[a-z]\d\d\.)[A-Z2-7]{24}\.[A-Z2-7]{64}"),
    ("launchdarkly-key", rf"(?:sdk|api|mob)-{_UUID}"),
    ("prefect-key", r"pn[ub]_[A-Za-z0-9]{36}"),
    ("adafruit-key", r"aio_[A-Za-z0-9]{28}(?![A-Za-z0-9])"),
    ("infracost-key", r"ico-[A-Za-z0-9]{32}(?![A-Za-z0-9])"),
    ("databento-key", r"db-[A-Za-z0-9]{29}(?![A-Za-z0-9])"),
    ("frameio-token", r"fio-u-[\w-]{60,}+"),
    ("scalingo-token", r"tk-us-[\w-]{48}"),
    ("defined-token", r"dnkey-[\w=-]{26}-[\w=-]{52}"),
    ("ionic-token", r"ion_[A-Za-z0-9]{42}(?![A-Za-z0-9])"),
    ("maxmind-key", r"[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk"),
    ("polar-token", r"polar_(?:oat|pat|at_[a-z])_[A-Za-z0-9]{30,}+"),
    ("aikido-secret", r"AIK_(?:CI|SECRET)_[A-Za-z0-9]{20,}+"),
    ("apify-token", r"apify_api_[A-Za-z0-9]{30,}+"),
    ("asaas-key", r"aact_(?:prod|hmlg)_[\w-]{30,}+"),
    ("astra-token", r"(?<=AstraCS:)[\w:%-]{20,}+"),
    ("brave-key", r"BSA(?=[\w-]*\d)(?=[\w-]*[a-z])[\w-]{27,}+"),
    ("clickhouse-key", r"4b1d[A-Za-z0-9]{38}(?![A-Za-z0-9])"),
    ("cloudsmith-key", r"cs[ap]_[0-9a-f]{30}[A-Za-z0-9]{4,}+"),
    ("cockroach-key", r"CCDB1_[A-Za-z0-9]{22}_[A-Za-z0-9]{40}"),
    ("configcat-key", r"configcat-sdk-1/[\w-]{22}/[\w-]{22}"),
    ("deno-token", r"dd[op]_[A-Za-z0-9]{36}"),
    ("devcycle-key", r"dvc_server_[\w-]{20,}+"),
    ("devin-key", r"apk_(?:user_)?[A-Za-z0-9+/]{60,}+={0,2}|cog_[a-z0-9]{50,}+"),
    ("elastic-key", r"essu_[\w-]{60,}+={0,2}"),
    ("harness-key", r"(?<=[sp]at\.)[\w-]{22}\.[0-9a-f]{24}\.[\w-]{20}"),
    ("lichess-token", r"lip_(?=\w*\d)\w{20,}+"),
    ("mercury-token", r"mercury_production_[\w-]{30,}+"),
    ("mergify-key", r"mergify_application_key_[\w-]{30,}+"),
    ("minimax-key", r"sk-api-[\w-]{30,}+"),
    ("nylas-key", r"nyk_(?:v0_)?\w{40,}+"),
    ("onesignal-key", r"os_v2_(?:app|org)_[a-z0-9]{60,}+"),
    ("packagist-token", r"packagist_(?:ort|out|acs|ack)_[0-9a-f]{28,}+"),
    ("persona-key", r"persona_(?:production|sandbox)_[\w-]{30,}+"),
    ("proof-key", r"prf_[a-z]{2,8}_[\w-]{40,}+"),
    ("ramp-secret", r"ramp_sec_[A-Za-z0-9]{40,}+"),
    ("rootly-key", r"rootly_[0-9a-f]{64}"),
    ("runpod-key", r"rpa_[A-Za-z0-9]{30,}+"),
    ("salesforce-token", r"(?:(?<=00[A-Za-z0-9]{13}!)|(?<=00[A-Za-z0-9]{16}!))[\w.-]{60,}+"),
    ("samsara-token", r"samsara_api_[A-Za-z0-9]{28,}+"),
    ("segment-token", r"sgp_[A-Za-z0-9]{60,}+"),
    ("settlemint-token", r"sm_[aps]at_[A-Za-z0-9]{16}"),
    ("wakatime-key", r"waka_[\w-]{32,}+"),
    ("mongodb-secret", r"mdb_sa_sk_[\w-]{40,}+"),
    ("thunderstore-token", r"tss_[\w-]{50,}+"),
    ("upcloud-token", r"ucat_[A-Za-z0-9]{26,}+"),
    ("valtown-token", r"vtwn_(?=[\w-]*\d)[\w-]{24,}+"),
    ("xendit-key", r"xnd_(?:production|development)_[A-Za-z0-9]{40,}+"),
    ("zuplo-key", r"zpka_[a-z0-9]{30,}+_[0-9a-f]{8}"),
    ("unkey-key", r"unkey_[A-Za-z0-9_]{20,}+"),
    ("k3s-token", r"K10[0-9a-f]{64}(?:::[\w-]{1,64}:[0-9a-f]{16,})?"),
    ("kubeadm-token", r"(?<=[ ='\"\n][a-z0-9]{6}\.)(?=[a-z]*\d)(?=[0-9]*[a-z])[a-z0-9]{16}(?![\w.-])"),
    ("ghost-key", r"[0-9a-f]{24}:[0-9a-f]{64}(?![0-9a-f])"),
    (
        "wallet-key",
        r"(?=[A-Za-z]*\d)(?:5[HJK][1-9A-HJ-NP-Za-km-z]{49}|[KL][1-9A-HJ-NP-Za-km-z]{51}|[xyzt]prv[1-9A-HJ-NP-Za-km-z]{107})(?![A-Za-z0-9])",
    ),
    ("workato-token", r"wrk[a-z]{1,4}-eyJ[\w.-]{40,}+"),
)
# Tokens in base 64 proper, whose other two characters may end a run before it is long enough.
BASE64_BEGINNINGS: Final = ("ABSK", "whsec_", "glc_", "SWMKEY-1-", "apk_user_")
_BASE64: Final = lazily(r"[A-Za-z0-9+/_-]{24,}+={0,2}", re.ASCII)
_AWS_PAIR: Final = lazily(
    r"(?<![A-Za-z0-9])(?P<id>(?:AKIA|ASIA)[A-Z0-9]{16})(?![A-Za-z0-9])[^\n]{0,60}?(?:\n[^\n]{0,60}?)?"
    r"(?<![A-Za-z0-9+/=])(?P<secret>[A-Za-z0-9+/]{40})(?![A-Za-z0-9+/=])"
)
_MADE_BOTH: Final = lazily(r"(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])(?=[^0-9]*[0-9])")
# Without groups of their own: so Python passes over those with another first letter at once.
_ANY: Final = lazily("|".join(shape for _, shape in _SHAPES), re.ASCII)
_EACH: Final = tuple((kind, lazily(shape, re.ASCII)) for kind, shape in _SHAPES)


def known_tokens(text: str) -> Iterator[Span]:
    """The tokens in the text that have the shape of a service's, in order."""
    for place, end in runs(text):
        if text[place - 1 : place] == "\\":
            place += 1  # the letter of an escape such as \n
        while place < end and (found := _ANY.match(text, place)):
            if _is_token(found[0]):
                yield found.start(), found.end(), _kind_of(found)
            place = max(found.end(), place + 1)


def aws_pairs(text: str) -> Iterator[Span]:
    """Ids of AWS' keys with the secret that stands behind them, in order: alone it has no shape."""
    if "AKIA" in text or "ASIA" in text:
        for found in _AWS_PAIR.finditer(text):
            if _is_token(found["id"]) and _MADE_BOTH.match(found["secret"]):
                yield *found.span("id"), "aws-key"
                yield *found.span("secret"), "aws-key"


def shape_of(token: str) -> str:
    """The kind of a token whose shape the beginning of this text has; empty if it has none."""
    found = _ANY.match(token)
    return _kind_of(found) if found and _is_token(found[0]) else ""


def tokens_in_base64(text: str) -> Iterator[Span]:
    """The tokens of services that write theirs in base 64, in order."""
    yield from sorted(span for beginning in BASE64_BEGINNINGS for span in _beginning_with(beginning, text))


def _kind_of(found: re.Match[str]) -> str:
    return next(kind for kind, shape in _EACH if shape.match(found.string, found.start()))


def _is_token(text: str) -> bool:
    """Whether what has a token's shape is one, and not what stands for one in a manual."""
    return len(set(text)) >= _DISTINCT_MIN and "EXAMPLE" not in text


def _beginning_with(beginning: str, text: str) -> Iterator[Span]:
    place = text.find(beginning)
    while place >= 0:
        token = _BASE64.match(text, place)
        found = _ANY.match(text, place) if token else None
        if token and found and _is_token(token[0]):
            yield place, token.end(), _kind_of(found)
        place = text.find(beginning, token.end() if token else place + 1)


def runs(text: str) -> Iterator[tuple[int, int]]:
    """Where long enough runs of a token's characters stand that no one made up of words."""
    for start, end in runs_in(text.encode("ascii", "replace")):
        while start < end and text[start] in "_-":
            start += 1
        if end - start >= RUN_MIN and _MADE.search(text, start, end):
            yield start, end


def runs_in(content: bytes) -> Iterator[tuple[int, int]]:
    """Where long enough runs of a token's characters stand, whatever they are made of."""
    kinds = content.translate(_KIND_OF)
    end = 0
    while (start := kinds.find(_SHORTEST_RUN, end)) >= 0:
        end = kinds.find(_OUTSIDE, start)
        end = end if end >= 0 else len(kinds)
        yield start, end
