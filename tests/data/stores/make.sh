#!/bin/sh
# Make a fixture of this folder: the store that a checkout of an older version writes, with what it answers.
#
#   tests/data/stores/make.sh CHECKOUT NAME
#
# Only public commands are used, so that it works with any version. The store holds the demo's sessions after a rebuild,
# a job that ran, a job that is paused, what hooks left in the spool while nothing ran, and a session excluded from
# capture. `answers.jsonl` holds the words of each query and the reply to it, as they were before the daemon stopped.
set -eu
checkout=$(readlink -f "$1")
fixture=$(readlink -f "$(dirname "$0")")/$2.tar.gz
work=$(mktemp -d)
trap '"$checkout/bin/memory-daemon" stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
export HOME="$work/home" XDG_RUNTIME_DIR="$work/run" MEMORY_TIMEZONE=Europe/Berlin MEMORY_GRPC_PORT=50999
unset XDG_DATA_HOME XDG_CONFIG_HOME XDG_CACHE_HOME
mkdir -p "$HOME" "$XDG_RUNTIME_DIR"
daemon="$checkout/bin/memory-daemon"

"$daemon" demo --keep >"$work/demo"
MEMORY_DB_PATH=$(sed -n 's/.*--db-path \([^ ]*\).*/\1/p' "$work/demo" | head -n 1)
export MEMORY_DB_PATH
demo=$(dirname "$MEMORY_DB_PATH")
mv "$demo/db" "$work/db"
rm -rf "$demo"
MEMORY_DB_PATH="$work/db"

"$daemon" start
"$daemon" admin rebuild-toc
"$daemon" scheduler run-now toc_rollup_day
"$daemon" scheduler pause rocksdb_compaction
"$checkout/.venv/bin/python" - "$daemon" >"$work/answers.jsonl" <<'PYTHON'
import json, subprocess, sys

def ask(*words):
    reply = json.loads(subprocess.run([sys.argv[1], "query", *words, "--json"], check=True, capture_output=True).stdout)
    print(json.dumps({"words": words, "reply": reply}, ensure_ascii=False))
    return reply

def walk(nodes):
    for node in nodes:
        ask("node", node["node_id"])
        for bullet in node.get("bullets", ()):
            for grip_id in bullet.get("grip_ids", ()):
                ask("expand", grip_id)
        walk(ask("browse", node["node_id"], "--limit", "100").get("children", ()))

walk(ask("root")["nodes"])
ask("events", "--from", "2020-01-01", "--to", "2040-01-01", "--limit", "1000")
PYTHON
"$daemon" stop

call() { printf '{"session_id":"%s","hook_event_name":"%s","cwd":"/home/dev/project","prompt":"%s"}' "$@"; }
call spooled SessionStart "" | "$checkout/bin/memory-ingest" --agent claude-code
call spooled UserPromptSubmit "We decided to keep the queue in Redis." | "$checkout/bin/memory-ingest" --agent claude-code
call excluded SessionStart "" | MEMORY_HOOK_DISABLED=1 "$checkout/bin/memory-ingest" --agent claude-code

rm -rf "$work"/db/LOG* "$work"/db-spool/door "$work"/db-logs
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner -czf "$fixture" answers.jsonl db $(cd "$work" && ls -d db-*)
ls -l "$fixture"
