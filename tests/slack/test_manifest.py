"""The manifest asks for what the code uses, and for nothing else."""

import ast
from pathlib import Path

import yaml
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack import agent, chat, events, home, pages
from bot.slack.blocks.shortcut import TRIAGE_THIS

ROOT = Path(__file__).parents[2]
MANIFEST = yaml.safe_load((ROOT / "manifest.yaml").read_text())
# Slack's reference: what each method needs of a bot token. An empty set = no scope.
NEEDS = {
    "apps_connections_open": frozenset(),  # an app-level token
    "assistant_threads_setStatus": frozenset({"assistant:write"}),
    "assistant_threads_setSuggestedPrompts": frozenset({"assistant:write"}),
    "auth_test": frozenset(),
    "chat_appendStream": frozenset({"chat:write"}),
    "chat_getPermalink": frozenset(),
    "chat_postMessage": frozenset({"chat:write"}),
    "chat_startStream": frozenset({"chat:write"}),
    "chat_stopStream": frozenset({"chat:write"}),
    "chat_update": frozenset({"chat:write"}),
    "conversations_history": frozenset({"channels:history", "groups:history", "metadata.message:read"}),
    "conversations_replies": frozenset({"channels:history", "groups:history", "metadata.message:read"}),
    "conversations_info": frozenset({"channels:read", "groups:read"}),
    "conversations_members": frozenset({"channels:read", "groups:read"}),
    "files_upload_v2": frozenset({"files:write"}),
    "usergroups_list": frozenset({"usergroups:read"}),
    "users_conversations": frozenset({"channels:read", "groups:read"}),
    "users_info": frozenset({"users:read"}),
    "views_open": frozenset(),
    "views_publish": frozenset(),
}
OPTIONAL = frozenset({"usergroups:read"})  # asked for only where the feature is switched on
FEATURES = {"agent_view": "assistant:write", "shortcuts": "commands", "slash_commands": "commands"}
LISTENS = {"app_mention": "app_mentions:read", "message.im": "im:history"}  # scopes of events; those of messages are in NEEDS


def called() -> set[str]:
    """Every Web API method that the code names."""
    api = {name for name in dir(AsyncWebClient) if "_" in name and name[0].islower()} - {"api_call", "base_url", "retry_handlers"}
    trees = [ast.parse(file.read_text()) for file in sorted((ROOT / "bot" / "slack").rglob("*.py"))]
    return {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in api}


def test_every_method_in_use_has_its_scopes_written_down():
    assert called() == set(NEEDS)


def test_scopes_are_exactly_those_in_use():
    asked = MANIFEST["oauth_config"]["scopes"]["bot"]
    featured = {scope for name, scope in FEATURES.items() if name in MANIFEST["features"]}
    featured |= {scope for name, scope in LISTENS.items() if name in MANIFEST["settings"]["event_subscriptions"]["bot_events"]}
    wanted = featured.union(*(NEEDS[method] for method in called()))
    assert set(asked) == wanted - OPTIONAL
    assert asked == sorted(asked)
    assert list(MANIFEST["oauth_config"]["scopes"]) == ["bot", "bot_optional"]
    assert set(MANIFEST["oauth_config"]["scopes"]["bot_optional"]) == OPTIONAL


def test_nothing_is_asked_for_that_lets_an_app_act_for_people_or_beyond_its_channels():
    scopes = MANIFEST["oauth_config"]["scopes"]
    never = ("admin", "search:", "chat:write.public", "chat:write.customize", ":manage", "users:read.email", "usergroups:write", "im:write")
    assert not [scope for scope in (*scopes["bot"], *scopes["bot_optional"]) if any(word in scope for word in never)]
    assert "user" not in scopes


def test_events_are_exactly_those_in_use():
    assert sorted(MANIFEST["settings"]["event_subscriptions"]["bot_events"]) == sorted(
        {*events.EVENTS, *pages.EVENTS, *chat.EVENTS, *home.EVENTS, *agent.EVENTS}
    )


def test_buttons_are_switched_on_and_the_old_assistant_view_is_not_used():
    assert MANIFEST["settings"]["interactivity"]["is_enabled"] is True
    assert "assistant_view" not in MANIFEST["features"]
    assert len(MANIFEST["display_information"]["description"]) <= 140


def test_what_people_open_and_point_at_is_switched_on():
    features = MANIFEST["features"]
    assert features["app_home"] == {"home_tab_enabled": True, "messages_tab_enabled": True, "messages_tab_read_only_enabled": False}
    (shortcut,) = features["shortcuts"]
    assert (shortcut["type"], shortcut["callback_id"]) == ("message", TRIAGE_THIS)
    assert len(shortcut["name"]) <= 24
    assert tuple(one["title"] for one in features["agent_view"]["suggested_prompts"]) == agent.PROMPTS
