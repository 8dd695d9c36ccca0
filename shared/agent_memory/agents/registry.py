"""The registry: every agent there is, found by its folder.

A folder beside this module is an agent's if it has an `AGENT`. They stand in the order of their folders' names.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Final

from agent_memory.agents import claude_code
from agent_memory.agents.agent import Agent, Evidence
from agent_memory.agents.payload import Payload

# How the payloads of agents that have no folder are read: most new ones copy it.
COMMON: Final = claude_code.AGENT


def _found() -> Mapping[str, Agent]:
    folders = sorted(path.parent.name for path in Path(__file__).parent.glob("*/__init__.py"))
    agents: list[Agent] = [import_module(f"agent_memory.agents.{folder}").AGENT for folder in folders]
    return {agent.name: agent for agent in agents}


AGENTS: Final[Mapping[str, Agent]] = _found()


def named(name: str) -> Agent:
    """The agent of that name; COMMON for one that has no folder."""
    return AGENTS.get(name, COMMON)


def detect(payload: Payload, named: str) -> str:
    """The name of the agent that sent the payload: by what only that agent sends, else `named`, else by what fits best.

    The hooks of one agent are run by others too: that it is named says little.
    """
    evidence, agent = max(((agent.detect(payload), agent) for agent in AGENTS.values()), key=lambda each: each[0])
    named = named.lower()
    is_sure = evidence > Evidence.FIELDS_FIT
    is_named = named and not (named in AGENTS and AGENTS[named].others_run_its_hooks)
    if is_sure or (evidence is Evidence.FIELDS_FIT and not is_named):
        return agent.name
    return named or COMMON.name
