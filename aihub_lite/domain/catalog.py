"""What clients may ask for: models, their other names, and which channels offer them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import attrs

from aihub_lite.domain.channel import Channel, Offer
from aihub_lite.domain.money import UNPRICED, Price
from aihub_lite.domain.strategy import DEFAULT, Strategy, strategy_of

PREFIXES = frozenset({
    "ai21", "alibaba", "amazon", "anthropic", "cerebras", "cohere", "dashscope", "deepseek", "deepseek-ai",
    "fireworks", "gemini", "google", "groq", "lmstudio", "meta", "meta-llama", "minimax", "mistral", "mistralai",
    "moonshot", "moonshotai", "nvidia", "ollama", "openai", "openrouter", "perplexity", "qwen", "siliconflow",
    "thudm", "together", "vllm", "x-ai", "xai", "z-ai", "zai", "zai-org",
})  # fmt: skip
"""Provider prefixes that clients and aggregators write before an id; other ids keep their slash."""


def canonical(model: str) -> str:
    """The public id: without a known provider prefix (`openai/gpt-4o` is `gpt-4o`)."""
    prefix, slash, rest = model.partition("/")
    return rest if slash and rest and prefix.lower() in PREFIXES else model


@attrs.frozen
class Listed:
    """What the price table says of an upstream's model; None where it does not say."""

    price: Price | None = None
    context_window: int | None = None
    """Tokens of prompt and completion together."""


@attrs.frozen
class Candidate:
    """One way to serve a model: a channel, the model's id there, and its price there."""

    channel: Channel
    upstream_model: str
    price: Price
    description: bytes = b""
    """What the upstream itself says of the model, as JSON; empty where it says nothing."""


@attrs.frozen
class Model:
    """One public model: every id it is offered by, and who can serve it (in no order yet)."""

    id: str
    names: frozenset[str]
    candidates: tuple[Candidate, ...]
    strategy: Strategy = DEFAULT

    def for_group(self, group: str) -> tuple[Candidate, ...]:
        """The candidates whose channels serve this group."""
        return tuple(each for each in self.candidates if each.channel.group == group)


@attrs.frozen
class Catalog:
    """All models at one moment; replaced whole when anything changes, so a request sees one state."""

    models: Mapping[str, Model]
    by_name: Mapping[str, Model]
    aliases: Mapping[str, Model]
    """Where each alias leads now; one that leads to nothing offered is absent."""

    def resolve(self, asked: str) -> tuple[Model, frozenset[str]] | None:
        """The model behind an id as a client wrote it, and the names by which a token may be allowed it.

        Exact id first, then alias, then without a known provider prefix; an alias allowed by name stays
        allowed when it points elsewhere, but a prefix the client made up never widens what is allowed.
        """
        for name in (asked, canonical(asked)):
            if model := self.by_name.get(name):
                return model, model.names
            if model := self.aliases.get(name):
                return model, model.names | {name}
        return None


def build_catalog(
    channels: Iterable[Channel],
    aliases: Mapping[str, Sequence[str]],
    operator_prices: Mapping[str, Price],
    default_prices: Mapping[tuple[str, str], Price],
    strategies: Mapping[str, Strategy] = MappingProxyType({}),
    descriptions: Mapping[str, Mapping[str, bytes]] = MappingProxyType({}),
) -> Catalog:
    """A catalog of all enabled channels.

    `aliases` by name, each with its targets in order of preference: models or other aliases.
    `operator_prices` and `strategies` by public model id, `default_prices` by (provider, upstream model),
    `descriptions` by channel id and upstream model.
    Two channels that offer `gpt-4o` and `openai/gpt-4o` serve one model.
    """
    offers: dict[str, list[tuple[Channel, Offer]]] = {}
    for channel in channels:
        if channel.enabled:
            for offer in channel.offers:
                offers.setdefault(canonical(offer.model), []).append((channel, offer))
    models: dict[str, Model] = {}
    by_name: dict[str, Model] = {}
    for model_id, ways in offers.items():
        names = frozenset({model_id, *(offer.model for _, offer in ways)})
        price = next((operator_prices[name] for name in sorted(names) if name in operator_prices), None)
        candidates = tuple(
            Candidate(
                channel,
                offer.upstream_model,
                price or default_prices.get((channel.provider, offer.upstream_model), UNPRICED),
                descriptions.get(channel.id, {}).get(offer.upstream_model, b""),
            )
            for channel, offer in ways
        )
        models[model_id] = model = Model(model_id, names, candidates, strategy_of(model_id, strategies))
        by_name.update(dict.fromkeys(names, model))
    return Catalog(models, by_name, _led_to(aliases, by_name))


def _led_to(aliases: Mapping[str, Sequence[str]], by_name: Mapping[str, Model]) -> dict[str, Model]:
    """Each alias with the model it leads to, over other aliases where need be; a loop leads nowhere."""

    def follow(alias: str) -> Model | None:
        trail = [alias]
        for passed in trail:
            for target in aliases.get(passed, ()):
                for name in (target, canonical(target)):
                    if model := by_name.get(name):
                        return model
                    if name not in trail:
                        trail.append(name)
        return None

    found = ((alias, follow(alias)) for alias in aliases if alias not in by_name)
    return {alias: model for alias, model in found if model is not None}
