"""`python -m agent_memory.hook`: the same program as `memory-ingest`."""

from agent_memory.hook.main import main

main()
