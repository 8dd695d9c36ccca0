# The everyday commands of a checkout; `just` lists them. Each is a script that can be run without just.

set positional-arguments

_list:
    @just --list --unsorted

# make the development environment in .venv, or bring it up to date
dev:
    @bin/test --version

# run the quick tests; arguments are pytest's: just test tests/unit
test *arguments:
    bin/test "$@"

# run the long drills one by one: chaos, soak, scale
drill *arguments:
    bin/test -m drill "$@"

# measure all that somebody waits for, beside the machine's own figures and the last run
overview *arguments:
    bin/bench "$@"

# run one benchmark, a program of tests/bench: just bench ingest
bench name *arguments: dev
    .venv/bin/python tests/bench/{{name}}.py {{arguments}}

# check style, format and layers
lint: dev
    .venv/bin/ruff check
    .venv/bin/ruff format --check
    .venv/bin/lint-imports --no-cache --no-logo

# put the code into its format
format: dev
    .venv/bin/ruff check --fix
    .venv/bin/ruff format

# check the types
types: dev
    .venv/bin/mypy

# check all that must hold before a change goes in, in a fresh clone of HEAD
check:
    .ci/run

# write the code in shared/agent_memory/rpc from proto/
proto: dev
    .venv/bin/python ops/gen_proto.py

# write the references in docs/ from the program
docs: dev
    .venv/bin/python ops/gen_docs.py

# draw the README's picture from a run of the demo
picture: dev
    .venv/bin/python ops/gen_picture.py

# record the browser, driven by keys
recording: dev
    PYTHONPATH=tests .venv/bin/python ops/gen_recording.py

# pin and hash the dependencies again; --upgrade takes the newest
lock *arguments:
    ops/lock "$@"

# build, check and sign a release: just release --key ~/.ssh/id_ed25519
release *arguments: dev
    .venv/bin/python ops/release.py "$@"
