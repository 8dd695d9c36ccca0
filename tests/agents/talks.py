"""How a session is held with each agent's real program: without a person, and with a model of our own behind it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.model import Use


@dataclass(frozen=True, slots=True)
class Talk:
    """A program's arguments and variables, the tool by which its model runs a command, and whether it tells its end."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    tool: Use
    tells_end: bool = True


def claude_code(home: Path, url: str, prompt: str, command: str) -> Talk:
    variables = {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": "sk-ant-none",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "IS_SANDBOX": "1",  # for who runs the tests as root
    }
    tool = Use("Bash", {"command": command, "description": "Say hello"})
    return Talk(["-p", prompt, "--dangerously-skip-permissions"], variables, tool)


def codex(home: Path, url: str, prompt: str, command: str) -> Talk:
    _write(
        home / ".codex" / "config.toml",
        'model = "gpt-5.5"\nmodel_provider = "own"\ncheck_for_update_on_startup = false\n[analytics]\nenabled = false\n'
        f'[model_providers.own]\nname = "Own"\nbase_url = "{url}/v1"\nenv_key = "KEY"\nwire_api = "responses"\n'
        f'[projects."{home / "project"}"]\ntrust_level = "trusted"\n',
    )
    # Trust is given in the terminal, to a person.
    granted = ["--dangerously-bypass-approvals-and-sandbox", "--dangerously-bypass-hook-trust"]
    arguments = ["exec", *granted, "--skip-git-repo-check", prompt]
    return Talk(arguments, {"KEY": "none"}, Use("exec_command", {"cmd": command}))


def gemini_cli(home: Path, url: str, prompt: str, command: str) -> Talk:
    _write(
        home / ".gemini" / "settings.json",
        json.dumps(
            {
                "security": {"auth": {"selectedType": "gemini-api-key"}, "folderTrust": {"enabled": False}},
                "privacy": {"usageStatisticsEnabled": False},
                "general": {"disableAutoUpdate": True, "enableAutoUpdate": False},
                "model": {"name": "gemini-2.5-pro"},
            }
        ),
    )
    variables = {"GEMINI_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": url, "GEMINI_TELEMETRY_ENABLED": "false"}
    tool = Use("run_shell_command", {"command": command, "description": "Say hello"})
    return Talk(["-p", prompt, "--yolo"], variables, tool)


def copilot_cli(home: Path, url: str, prompt: str, command: str) -> Talk:
    _write(home / ".copilot" / "config.json", json.dumps({"trusted_folders": [str(home / "project")]}))
    variables = {
        "COPILOT_AUTO_UPDATE": "false",
        "COPILOT_OFFLINE": "true",
        "COPILOT_PROVIDER_TYPE": "openai",
        "COPILOT_PROVIDER_BASE_URL": f"{url}/v1",
        "COPILOT_PROVIDER_API_KEY": "none",
        "COPILOT_MODEL": "gpt-4.1",
    }
    tool = Use("bash", {"command": command, "description": "Say hello"})
    return Talk(["-p", prompt, "--allow-all-tools", "--allow-all-paths"], variables, tool)


def opencode(home: Path, url: str, prompt: str, command: str) -> Talk:
    return _opencode("OPENCODE", home, url, prompt, command)


def kilo_cli(home: Path, url: str, prompt: str, command: str) -> Talk:
    return _opencode("KILO", home, url, prompt, command)


def _opencode(prefix: str, home: Path, url: str, prompt: str, command: str) -> Talk:
    """Its settings, and those of what was made from it: only their variables begin otherwise."""
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "Own",
        "options": {"baseURL": f"{url}/v1", "apiKey": "none"},
        "models": {"own-1": {"name": "Own 1", "tool_call": True, "limit": {"context": 200000, "output": 8192}}},
    }
    settings = {
        "autoupdate": False,
        "share": "disabled",
        "model": "own/own-1",
        "small_model": "own/own-1",
        "permission": {"*": "allow"},
        "provider": {"own": provider},
    }
    _write(home / "settings.json", json.dumps(settings))
    variables = {
        "CONFIG": str(home / "settings.json"),
        "DISABLE_AUTOUPDATE": "1",
        "DISABLE_MODELS_FETCH": "1",
        "DISABLE_LSP_DOWNLOAD": "1",
        "DISABLE_DEFAULT_PLUGINS": "1",
        "TELEMETRY_LEVEL": "off",
    }
    tool = Use("bash", {"command": command, "description": "Say hello"})
    return Talk(["run", prompt], {f"{prefix}_{name}": value for name, value in variables.items()}, tool)


def droid(home: Path, url: str, prompt: str, command: str) -> Talk:
    model = {"model": "own-1", "displayName": "Own", "baseUrl": f"{url}/v1", "apiKey": "none"}
    kind = {"provider": "generic-chat-completion-api", "maxOutputTokens": 4096}
    _write(home / "own.json", json.dumps({"customModels": [{**model, **kind}]}))
    variables = {
        "FACTORY_AIRGAP_ENABLED": "true",
        "FACTORY_API_KEY": "fk-none",
        "FACTORY_DISABLE_KEYRING": "true",
        "FACTORY_DROID_AUTO_UPDATE_ENABLED": "false",
    }
    given = {
        "command": command,
        "summary": "Say hello",
        "riskLevel": "low",
        "riskLevelReason": "it says",
        "timeout": 30,
    }
    arguments = ["exec", "--settings", str(home / "own.json"), "--auto", "high", "-m", "custom:own-1", prompt]
    return Talk(arguments, variables, Use("Execute", given))


def qwen_code(home: Path, url: str, prompt: str, command: str) -> Talk:
    settings = {
        "security": {"auth": {"selectedType": "openai"}},
        "privacy": {"usageStatisticsEnabled": False},
        "general": {"disableAutoUpdate": True, "enableAutoUpdate": False},
        "telemetry": {"enabled": False},
        # Else it asks the model for memories of its own after the turn.
        "memory": {"enableManagedAutoMemory": False},
    }
    # It reads comments.
    _write(home / ".qwen" / "settings.json", "// of the test\n" + json.dumps(settings))
    variables = {
        "OPENAI_API_KEY": "none",
        "OPENAI_BASE_URL": f"{url}/v1",
        "OPENAI_MODEL": "own-1",
    }
    tool = Use("run_shell_command", {"command": command, "is_background": False, "description": "Say hello"})
    return Talk(["-p", prompt, "--yolo"], variables, tool, tells_end=False)


TALKS = {
    "claude-code": claude_code,
    "codex": codex,
    "gemini-cli": gemini_cli,
    "copilot-cli": copilot_cli,
    "opencode": opencode,
    "qwen-code": qwen_code,
    "kilo-cli": kilo_cli,
    "droid": droid,
}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
