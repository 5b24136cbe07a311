"""What a caller must prove, source by source, from the settings."""

from bot import pages
from bot.backends.fetch_public import Fetch
from bot.pages import changes
from bot.settings import Settings, named_secrets, names, secrets
from bot.web import Proofs


def proofs_of(settings: Settings, fetch: Fetch) -> Proofs:
    known = frozenset((*pages.sources(), *changes.sources()))
    older = {"pagerduty": secrets(settings.pagerduty_secrets), "grafana": secrets(settings.grafana_secrets)}
    signing = {**older, **named_secrets(settings.source_secrets, "MIDWATCH_SOURCE_SECRETS", known)}
    return Proofs(
        signing={name: found for name, found in signing.items() if found},
        own_tokens=named_secrets(settings.source_tokens, "MIDWATCH_SOURCE_TOKENS", known),
        tokens=secrets(settings.hook_tokens),
        topics=names(settings.sns_topics),
        fetch=fetch,
    )
