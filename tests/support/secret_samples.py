"""Labelled texts for the redactor: secrets that look real, in the places they turn up in, and much else.

Secrets are made here, from a seed, so that nobody who looks for secrets in this repository finds one. Of every three
services, names and files one is held out: rules are tuned without looking at those.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID
from zlib import crc32

SEED = 20260130
NEGATIVES = Path(__file__).parents[1] / "data" / "redaction"

_SETS = {
    "A": string.ascii_letters + string.digits,
    "L": string.ascii_letters,
    "a": string.ascii_lowercase + string.digits,
    "u": string.ascii_uppercase + string.digits,
    "B": string.ascii_uppercase + "234567",
    "h": "0123456789abcdef",
    "H": "0123456789ABCDEF",
    "d": string.digits,
    "w": string.ascii_letters + string.digits + "-_",
    "b": string.ascii_letters + string.digits + "+/",
}
# Each service's format: `{A36}` is 36 letters and digits, by the sets above; `{uuid}` a UUID.
SERVICES = {
    "aws-id": "AKIA{B16}",
    "aws-temporary-id": "ASIA{B16}",
    "google-api": "AIza{w35}",
    "google-oauth-secret": "GOCSPX-{w28}",
    "google-access": "ya29.{w120}",
    "azure-client-secret": "{A3}8Q~{A34}",
    "alibaba": "LTAI5t{A18}",
    "digitalocean": "dop_v1_{h64}",
    "heroku": "HRKU-AA{w58}",
    "fly": "fo1_{w43}",
    "netlify": "nfp_{A36}",
    "vercel": "vcp_{A56}",
    "render": "rnd_{A32}",
    "supabase": "sbp_{h40}",
    "supabase-secret": "sb_secret_{w31}",
    "planetscale": "pscale_tkn_{w43}",
    "neon": "napi_{a64}",
    "databricks": "dapi{h32}",
    "terraform": "{A14}.atlasv1.{A67}",
    "vault": "hvs.{w95}",
    "doppler": "dp.pt.{A43}",
    "pulumi": "pul-{h40}",
    "tailscale": "tskey-auth-{A12}CNTRL-{A32}",
    "age": "AGE-SECRET-KEY-1{u58}",
    "github": "ghp_{A36}",
    "github-app": "ghs_{A36}",
    "github-fine": "github_pat_{A22}_{A59}",
    "gitlab": "glpat-{w20}",
    "gitlab-routable": "glpat-{w27}.0{a1}.{a7}{a2}",
    "gitlab-runner": "glrt-{w20}",
    "bitbucket": "ATBB{A32}",
    "npm": "npm_{A36}",
    "pypi": "pypi-AgEIcHlwaS5vcmc{w150}",
    "rubygems": "rubygems_{h48}",
    "crates": "cio{A32}",
    "nuget": "oy2{a43}",
    "docker": "dckr_pat_{w27}",
    "circleci": "CCIPAT_{A22}_{h40}",
    "buildkite": "bkua_{h40}",
    "sonar": "squ_{h40}",
    "sourcegraph": "sgp_{h16}_{h40}",
    "postman": "PMAK-{h24}-{h34}",
    "anthropic": "sk-ant-api03-{w93}AA",
    "openai": "sk-proj-{w74}T3BlbkFJ{w74}",
    "openai-old": "sk-{A20}T3BlbkFJ{A20}",
    "openrouter": "sk-or-v1-{h64}",
    "deepseek": "sk-{h32}",
    "langsmith": "lsv2_pt_{h32}_{h10}",
    "huggingface": "hf_{L34}",
    "groq": "gsk_{A52}",
    "xai": "xai-{A80}",
    "perplexity": "pplx-{A48}",
    "replicate": "r8_{A37}",
    "nvidia": "nvapi-{w64}",
    "pinecone": "pcsk_{A6}_{A63}",
    "tavily": "tvly-dev-{A32}",
    "elevenlabs": "sk_{h48}",
    "stripe": "sk_live_{A99}",
    "stripe-short": "rk_test_{A24}",
    "stripe-webhook": "whsec_{b32}",
    "bedrock": "ABSK{b120}=",
    "square": "EAAA{w60}",
    "plaid": "access-sandbox-{uuid}",
    "shopify": "shpat_{h32}",
    "easypost": "EZAK{A54}",
    "slack-bot": "xoxb-{d12}-{d13}-{A24}",
    "slack-app": "xapp-1-A{u10}-{d13}-{h64}",
    "discord": "M{A23}.{w6}.{w38}",
    "telegram": "{d10}:AA{w33}",
    "sendgrid": "SG.{w22}.{w43}",
    "mailgun": "key-{h32}",
    "mailchimp": "{h32}-us14",
    "brevo": "xkeysib-{h64}-{A16}",
    "resend": "re_{A8}_{A24}",
    "twilio": "SK{h32}",
    "notion": "ntn_{A46}",
    "linear": "lin_api_{A40}",
    "airtable": "pat{A14}.{h64}",
    "atlassian": "ATATT3xFfGF0{w160}={H8}",
    "figma": "figd_{w40}",
    "hubspot": "pat-na1-{uuid}",
    "grafana": "glsa_{A32}_{h8}",
    "newrelic": "NRAK-{u27}",
    "sentry": "sntryu_{h64}",
    "posthog": "phx_{A43}",
    "dynatrace": "dt0c01.{B24}.{B64}",
    "launchdarkly": "sdk-{uuid}",
}
# Where a token turns up, whatever its name.
PLACES = (
    "use {} for the staging account",
    "Here is the key: {}\nthanks!",
    "export SERVICE_KEY={}\n",
    'const client = new Client("{}");',
    "client = Client(api_key='{}')",
    '{{"type":"text","text":"the value was {}"}}',
    "$ printenv | grep SVC\nSVC_TOKEN={}\nHOME=/home/dev\n",
    "-  token: {}\n+  token: ${{{{ secrets.TOKEN }}}}\n",
    "2026-01-30T09:14:02Z DEBUG http: header x-key={} status=200",
    "stdout\\nvalue={}\\nexit 0",
    "[{}](https://example.com/keys)",
    "git clone https://oauth2:{}@git.example.com/team/app.git",
    "curl -s -H 'Authorization: Bearer {}' https://api.example.com/v1/me",
    "| service | `{}` | rotated |",
    "https://api.example.com/v1/items?limit=5&access_token={}&sort=asc",
)
# What a secret is called, and how its value is made.
NAMES = {
    "password": "{A4}-{A6}!{d2}",
    "db_password": "{A14}",
    "DB_PASSWORD": "{A10}",
    "POSTGRES_PASSWORD": "{A20}",
    "MYSQL_ROOT_PASSWORD": "{A12}#{A3}",
    "smtp_passwd": "{A9}{d3}",
    "keystorePassword": "{A11}{d1}",
    "REDIS_PASS": "{h32}",
    "passphrase": "{A18}{d1}",
    "api_key": "{h32}",
    "apiKey": "{A40}",
    "API_KEY": "{A24}",
    "X-Api-Key": "{A32}",
    "weather_api_key": "{h32}",
    "DD_API_KEY": "{h32}",
    "ALGOLIA_ADMIN_KEY": "{h32}",
    "client_secret": "{A32}",
    "clientSecret": "{w40}",
    "APP_SECRET": "{h40}",
    "JWT_SECRET": "{b44}",
    "SECRET_KEY_BASE": "{h128}",
    "secret_key": "{w50}",
    "webhook_secret": "{A28}",
    "signing_key": "{h64}",
    "encryption_key": "{b43}=",
    "AZURE_STORAGE_KEY": "{b86}==",
    "aws_secret_access_key": "{b40}",
    "SecretAccessKey": "{b40}",
    "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2Vj{b300}",
    "auth_token": "{A36}",
    "accessToken": "{w64}",
    "refresh_token": "{w50}",
    "CI_TOKEN": "{A20}",
    "SLACK_SIGNING_SECRET": "{h32}",
    "bot_token": "{A30}",
    "private_token": "{w20}",
    "SENTRY_AUTH_TOKEN": "{h64}",
    "vault_token": "{A24}{d2}",
    "license_key": "{u5}-{u5}-{u5}-{u5}",
    "COOKIE_SECRET": "{A33}",
}
WRITTEN = (
    "{name}={value}\n",
    'export {name}="{value}"\n',
    "{name}: {value}\nreplicas: 2\n",
    '{{"{name}": "{value}", "region": "eu"}}',
    '{name} = "{value}"\n',
    "{name} = '{value}'  # rotate me\n",
    '{{\\"{name}\\": \\"{value}\\"}}',
    "docker run -e {name}={value} -p 80:80 app",
    "<{name}>{value}</{name}>",
    "config.set('{name}', '{value}')",
    "  '{name}' => '{value}',",
    'env:\n  - name: X\n    {name}: "{value}"\n',
    "{name}:{value}",
    'os.environ["{name}"] = "{value}"',
    'private static final String {name} = "{value}";',
)
SCHEMES = ("postgres", "mysql", "mongodb+srv", "redis", "amqps", "https", "ftp", "postgresql+asyncpg")


@dataclass(frozen=True, slots=True)
class Sample:
    """A text, the secrets that stand in it, and what it is a sample of."""

    group: str
    name: str
    text: str
    secrets: tuple[str, ...] = ()

    @property
    def is_held_out(self) -> bool:
        return crc32(self.name.encode()) % 3 == 0


def made(pattern: str, chance: random.Random) -> str:
    """A secret of that format; one that is random to the eye, as nearly all are."""
    while True:
        text = re.sub(r"\{(uuid|[A-Za-z])(\d*)\}", lambda match: _part(match, chance), pattern)
        if len(set(text)) > min(8, len(text) // 2) and ("{L" in pattern or any(c.isdigit() for c in text)):
            return text


def samples() -> Iterator[Sample]:
    """All labelled texts, always the same ones."""
    chance = random.Random(SEED)
    yield from _of_services(chance)
    yield from _named(chance)
    yield from _in_places(chance)
    yield from _harmless(chance)


def _part(match: re.Match[str], chance: random.Random) -> str:
    if match[1] == "uuid":
        return str(UUID(int=chance.getrandbits(128), version=4))
    return "".join(chance.choices(_SETS[match[1]], k=int(match[2])))


def _of_services(chance: random.Random) -> Iterator[Sample]:
    for name, pattern in SERVICES.items():
        for place in PLACES:
            secret = made(pattern, chance)
            yield Sample("token of a service", name, place.format(secret), (secret,))


def _named(chance: random.Random) -> Iterator[Sample]:
    for name, pattern in NAMES.items():
        for written in WRITTEN:
            value = made(pattern, chance)
            yield Sample("value with a name", name, written.format(name=name, value=value), (value,))


def _in_places(chance: random.Random) -> Iterator[Sample]:
    for scheme in SCHEMES:
        for pattern in ("{A12}", "{A6}%40{A4}", "{a8}", "{A5}-{d4}"):
            password = made(pattern, chance)
            text = f"DATABASE_URL={scheme}://app:{password}@db.example.com:5432/shop?sslmode=require"
            yield Sample("password in a link", scheme, text, (password,))
    for kind in ("RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"):
        for lines in (3, 12, 27):
            body = [made("{b64}", chance) for _ in range(lines)]
            whole = f"-----BEGIN {kind}-----\n" + "\n".join(body) + f"\n-----END {kind}-----"
            yield Sample("private key", kind, f"$ cat key.pem\n{whole}\n$ ls", tuple(body))
            yield Sample("private key", kind, json.dumps({"private_key": whole, "id": 7}), tuple(body))
            cut = f"{whole[: len(whole) // 2]}\n[... 900 bytes left out ...]\n"
            yield Sample("private key", kind, cut, tuple(line for line in body if line in cut))
            tail = f"\n[... 900 bytes left out ...]\n{whole[len(whole) // 2 :]}"
            yield Sample("private key", kind, tail, tuple(line for line in body if line in tail))
    for claims in range(12):
        parts = [json.dumps({"alg": "HS256", "typ": "JWT"}), json.dumps({"sub": str(claims), "exp": 1_800_000_000})]
        encoded = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts]
        token = ".".join([*encoded, made("{w43}", chance)])
        yield Sample("jwt", f"jwt {claims}", PLACES[claims].format(token), (token,))
    for number, text in enumerate(
        (
            "curl -u admin:{} https://jenkins.example.com/job/x/build",
            "mysql --host db --password={} shop",
            "tool login --token {} --yes",
            "Authorization: Basic {}",
            "my password is {}, please keep it",
            "The API key is {}.",
            "Cookie: session_token={}; theme=dark",
            "sshpass --password {} ssh dev@example.com",
        )
    ):
        for _ in range(4):
            secret = made("{A20}", chance)
            yield Sample("said or given", f"said {number}", text.format(secret), (secret,))
    for environment in range(6):
        values = [made(pattern, chance) for pattern in ("{A12}", "{h24}", "{A16}")]
        shown = f"NODE_ENV=production\nPORT=3000\nMAILER={values[0]}\nSALT={values[1]}\nTENANT={values[2]}\nDEBUG=false"
        yield Sample("environment file", f"env {environment}", f"Bash: cat .env\n{shown}", tuple(values))


def _harmless(chance: random.Random) -> Iterator[Sample]:
    generated: dict[str, Callable[[], str]] = {
        "git log": lambda: f"commit {made('{h40}', chance)}\nAuthor: Dev <dev@example.com>\n\n    Fix token refresh\n",
        "short commits": lambda: f"{made('{h7}', chance)} Rename the key of the cache\n{made('{h9}', chance)} Add auth",
        "uuids": lambda: (
            f'{{"session_id": "{_uuid(chance)}", "request_id": "{_uuid(chance)}", "id": "{_uuid(chance)}"}}'
        ),
        "digests": lambda: "".join(f"{_sha256(chance)}  dist/app-{n}.whl\n" for n in range(3)),
        "npm lock": lambda: (
            f'"node_modules/jsonwebtoken": {{"version": "9.0.2", "resolved": "https://registry.npmjs.org/jsonwebtoken/-/'
            f'jsonwebtoken-9.0.2.tgz", "integrity": "sha512-{made("{b86}", chance)}=="}}'
        ),
        "yarn lock": lambda: f'"tokenizer@^1.2.0":\n  version "1.2.3"\n  checksum: {made("{h128}", chance)}\n',
        "poetry lock": lambda: f'files = [{{file = "secrets-1.0.tar.gz", hash = "sha256:{_sha256(chance)}"}}]',
        "cargo lock": lambda: f'[[package]]\nname = "secrecy"\nversion = "0.8.0"\nchecksum = "{_sha256(chance)}"\n',
        "go sum": lambda: f"golang.org/x/oauth2 v0.15.0 h1:{made('{b43}', chance)}=\n",
        "pip hashes": lambda: f"requests==2.32.3 \\\n    --hash=sha256:{_sha256(chance)} \\\n",
        "image": lambda: f'<img src="data:image/png;base64,iVBORw0KGgo{made("{b600}", chance)}">',
        "base64 field": lambda: f'{{"data": "{made("{b400}", chance)}", "media_type": "image/jpeg"}}',
        "minified": lambda: (
            f'!function(e,t){{"object"==typeof exports?t(exports):t(e.tok={{}})}}(this,function(e){{var key=function(n)'
            f'{{return n.token?n.key:null}},pwd=e.password||t.secret;e.h="{made("{h8}", chance)}"}});'
        ),
        "css": lambda: f".sk-folding-cube.sk-cube{chance.randrange(9)}{{background:#{made('{h6}', chance)}}}",
        "docker": lambda: f"FROM python@sha256:{_sha256(chance)}\n#8 sha256:{_sha256(chance)} 3.2MB / 3.2MB done",
        "kubernetes": lambda: f"pod/token-service-{made('{a9}', chance)}-{made('{a5}', chance)}  1/1  Running  0  3d",
        "s3 key": lambda: (
            f'{{"Key": "backups/2026/01/{_uuid(chance)}/dump.tar.gz", "ETag": "{made("{h32}", chance)}"}}'
        ),
        "urls": lambda: (
            f"https://example.com/path/{made('{A22}', chance)}?page=2&key=name&sort=asc#L{chance.randrange(99)}"
        ),
        "tools": lambda: (
            f'{{"tool_use_id": "toolu_01{made("{A22}", chance)}", "message": "msg_01{made("{A22}", chance)}"}}'
        ),
        "public key": lambda: f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{made('{b43}', chance)} dev@example.com",
        "certificate": lambda: f"-----BEGIN CERTIFICATE-----\nMIID{made('{b60}', chance)}\n-----END CERTIFICATE-----",
        "cache key": lambda: f"cache-key: node-modules-{_sha256(chance)}\nrestore-keys: node-modules-",
        "cursor": lambda: f'{{"next_page_token": "{made("{A40}", chance)}", "has_more": true}}',
        "usage": lambda: f'{{"input_tokens": {chance.randrange(9999)}, "max_tokens": 4096, "stop_token": "</s>"}}',
        "traceback": lambda: (
            f'  File "/app/auth/token.py", line {chance.randrange(900)}, in verify_password\n    raise KeyError(key)'
        ),
        "prose": lambda: f"The {chance.choice(['token', 'password', 'secret', 'key'])} is checked before each request.",
    }
    for name, make in generated.items():
        for _ in range(20):
            yield Sample("harmless", name, make())
    for file in sorted(NEGATIVES.glob("*.txt")):
        for number, text in enumerate(file.read_text(encoding="utf-8").split("\n%%\n")):
            yield Sample("harmless", f"{file.stem} {number}", text)


def _uuid(chance: random.Random) -> str:
    return str(UUID(int=chance.getrandbits(128), version=4))


def _sha256(chance: random.Random) -> str:
    return hashlib.sha256(chance.randbytes(8)).hexdigest()
