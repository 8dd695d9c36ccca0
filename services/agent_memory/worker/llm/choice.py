"""Which provider the settings name."""

from __future__ import annotations

from agent_memory.settings import Settings
from agent_memory.worker.llm.api_key import api_key
from agent_memory.worker.llm.library import check_library
from agent_memory.worker.llm.providers import Provider


def provider_for(settings: Settings) -> Provider:
    """The provider of a model that is not local, ready to be asked.

    Raises SettingsError when its library is not installed or it has no key.
    """
    check_library(settings)
    key = api_key(settings)
    # A provider's library is loaded only where it is chosen.
    if settings.summarizer_provider == "anthropic":
        from agent_memory.worker.llm.anthropic import AnthropicProvider

        return AnthropicProvider(key, settings.summarizer_model, settings.summarizer_base_url)
    from agent_memory.worker.llm.openai import OpenAIProvider

    return OpenAIProvider(key, settings.summarizer_model, settings.summarizer_base_url)
