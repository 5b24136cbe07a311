"""What the fake remembers: channels, messages in order of ts, threads, files, views and triggers."""

import itertools
import time
from dataclasses import dataclass, field
from typing import Any

from tests.slack.fake import rules
from tests.slack.fake.rules import Broken

BOT_USER, BOT_ID, TEAM, APP = "UBOT", "B1", "T1", "A1"
TRIGGER_S = 3.0
SCOPES = {
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "chat.startStream": "chat:write",
    "chat.appendStream": "chat:write",
    "chat.stopStream": "chat:write",
    "conversations.history": "channels:history",
    "conversations.replies": "channels:history",
    "users.conversations": "channels:read",
    "users.info": "users:read",
    "usergroups.list": "usergroups:read",
    "conversations.info": "channels:read",
    "conversations.members": "channels:read",
    "assistant.threads.setStatus": "assistant:write",
    "assistant.threads.setSuggestedPrompts": "assistant:write",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
}


@dataclass
class Workspace:
    """`clock` gives epoch seconds; tests may turn it."""

    clock: Any = time.time
    scopes: set[str] = field(default_factory=lambda: {*SCOPES.values()})
    channels: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {"C1": {"id": "C1", "name": "incidents", "member": True, "archived": False}}
    )
    users: dict[str, dict[str, Any]] = field(default_factory=lambda: {"UANNA": {"id": "UANNA", "team_id": TEAM}})
    groups: list[dict[str, Any]] = field(default_factory=list)
    messages: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {"C1": []})
    edits: list[str] = field(default_factory=list)
    uploads: dict[str, dict[str, Any]] = field(default_factory=dict)
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    triggers: dict[str, float] = field(default_factory=dict)
    whispers: list[str] = field(default_factory=list)
    homes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    statuses: list[tuple[str, str, str]] = field(default_factory=list)
    prompts: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    revoked: bool = False
    _number: Any = field(default_factory=lambda: itertools.count(1))

    def call(self, method: str, args: dict[str, Any], token: str) -> dict[str, Any]:
        """One Web API call; Broken becomes `ok: false`."""
        if self.revoked or not token.startswith("xoxb-"):
            raise Broken("token_revoked" if self.revoked else "invalid_auth")
        if method in SCOPES and SCOPES[method] not in self.scopes:
            raise Broken("missing_scope")
        handler = getattr(self, "_" + method.replace(".", "_"), None)
        if handler is None:
            raise Broken("unknown_method")
        return handler(args)

    def roots(self, channel: str = "C1") -> list[dict[str, Any]]:
        return [row for row in self.messages[channel] if row.get("thread_ts", row["ts"]) == row["ts"]]

    def replies(self, ts: str, channel: str = "C1") -> list[dict[str, Any]]:
        return [row for row in self.messages[channel] if row.get("thread_ts") == ts and row["ts"] != ts]

    def trigger(self) -> str:
        name = f"{next(self._number)}.{TEAM}.trigger"
        self.triggers[name] = self.clock() + TRIGGER_S
        return name

    def _auth_test(self, _: dict[str, Any]) -> dict[str, Any]:
        return {
            "user_id": BOT_USER,
            "bot_id": BOT_ID,
            "team_id": TEAM,
            "team": "fake",
            "user": "midwatch",
            "url": "https://fake.slack.com/",
        }

    def _chat_postMessage(self, args: dict[str, Any]) -> dict[str, Any]:
        rules.message(args)
        channel = self._channel(args["channel"])
        thread = args.get("thread_ts")
        if thread is not None and not any(row["ts"] == thread for row in self.messages[channel["id"]]):
            raise Broken("thread_not_found")
        row = {"type": "message", "user": BOT_USER, "bot_id": BOT_ID, "app_id": APP, "ts": self._ts()}
        row |= {
            name: args[name] for name in ("text", "blocks", "metadata", "thread_ts", "parse", "link_names", "unfurl_links") if name in args
        }
        self.messages[channel["id"]].append(row)
        return {"channel": channel["id"], "ts": row["ts"], "message": row}

    def _chat_update(self, args: dict[str, Any]) -> dict[str, Any]:
        rules.message(args)
        if args["channel"][:1] not in ("C", "D"):
            raise Broken("channel_not_found")  # unlike postMessage, an edit needs the id
        row = self._message(args["channel"], args["ts"])
        if row.get("bot_id") != BOT_ID:
            raise Broken("cant_update_message")
        row |= {name: args[name] for name in ("text", "blocks", "metadata") if name in args} | {"edited": {"ts": self._ts()}}
        self.edits.append(row["ts"])
        return {"channel": args["channel"], "ts": row["ts"], "text": row["text"]}

    def _chat_startStream(self, args: dict[str, Any]) -> dict[str, Any]:
        if not args["channel"].startswith("D") and not (args.get("recipient_user_id") and args.get("recipient_team_id")):
            raise Broken("missing_recipient")
        row = {"type": "message", "user": BOT_USER, "bot_id": BOT_ID, "app_id": APP, "ts": self._ts(), "text": "", "blocks": []}
        row |= {"thread_ts": args["thread_ts"], "streaming": True}
        self.messages[self._channel(args["channel"])["id"]].append(row)
        return self._streamed(row, args)

    def _chat_appendStream(self, args: dict[str, Any]) -> dict[str, Any]:
        return self._streamed(self._message(args["channel"], args["ts"]), args)

    def _chat_stopStream(self, args: dict[str, Any]) -> dict[str, Any]:
        row = self._message(args["channel"], args["ts"])
        answer = self._streamed(row, args)
        row["blocks"] += args.get("blocks") or []
        row |= {"metadata": args.get("metadata"), "streaming": False}
        rules.message({"text": "-", "blocks": row["blocks"], "metadata": row["metadata"]})
        return answer

    def _streamed(self, row: dict[str, Any], args: dict[str, Any]) -> dict[str, Any]:
        if not row.get("streaming"):
            raise Broken("message_not_in_streaming_state")
        if args.get("markdown_text") or any(chunk["type"] != "blocks" for chunk in args.get("chunks") or ()):
            raise Broken("text_would_be_interpreted")  # Slack takes it; this project may not send it
        for chunk in args.get("chunks") or ():
            row["blocks"] += chunk["blocks"]
        return {"channel": args["channel"], "ts": row["ts"]}

    def _conversations_history(self, args: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(args["channel"])
        found = [row for row in self.roots(channel["id"]) if float(row["ts"]) > float(args.get("oldest", 0))]
        return {"messages": self._shown(found[::-1], args), "has_more": False}

    def _conversations_replies(self, args: dict[str, Any]) -> dict[str, Any]:
        root = self._message(args["channel"], args["ts"])
        return {"messages": self._shown([root, *self.replies(root["ts"], args["channel"])], args), "has_more": False}

    def _users_conversations(self, _: dict[str, Any]) -> dict[str, Any]:
        mine = [row for row in self.channels.values() if row["member"] and not row["archived"]]
        return {"channels": [{"id": row["id"], "name": row["name"]} for row in mine]}

    def _users_info(self, args: dict[str, Any]) -> dict[str, Any]:
        if args["user"] not in self.users:
            raise Broken("user_not_found")
        return {"user": self.users[args["user"]]}

    def _usergroups_list(self, args: dict[str, Any]) -> dict[str, Any]:
        with_users = str(args.get("include_users")).lower() in ("true", "1")
        return {"usergroups": [row if with_users else {**row, "users": None} for row in self.groups]}

    def _views_open(self, args: dict[str, Any]) -> dict[str, Any]:
        expires = self.triggers.pop(args["trigger_id"], None)
        if expires is None or expires < self.clock():
            raise Broken("invalid_trigger_id" if expires is None else "expired_trigger_id")
        rules.view(args["view"])
        view = {**args["view"], "id": f"V{next(self._number)}", "hash": "h", "team_id": TEAM}
        self.views[view["id"]] = view
        return {"view": view}

    def _views_publish(self, args: dict[str, Any]) -> dict[str, Any]:
        if args["user_id"] not in self.users:
            raise Broken("user_not_found")
        rules.home(args["view"])
        self.homes.setdefault(args["user_id"], []).append(args["view"])
        return {"view": {**args["view"], "id": f"V{next(self._number)}"}}

    def _chat_getPermalink(self, args: dict[str, Any]) -> dict[str, Any]:
        row = self._message(args["channel"], args["message_ts"])
        return {"channel": args["channel"], "permalink": f"https://fake.slack.com/archives/{args['channel']}/p{row['ts'].replace('.', '')}"}

    def _conversations_info(self, args: dict[str, Any]) -> dict[str, Any]:
        found = self._channel(args["channel"])
        private = bool(found.get("members"))
        return {"channel": {"id": found["id"], "is_channel": not found["id"].startswith("D"), "is_private": private}}

    def _conversations_members(self, args: dict[str, Any]) -> dict[str, Any]:
        """Two a page, so that turning pages is tried."""
        members, start = self._channel(args["channel"]).get("members", []), int(args.get("cursor") or 0)
        more = {"next_cursor": str(start + 2)} if start + 2 < len(members) else {"next_cursor": ""}
        return {"members": members[start : start + 2], "response_metadata": more}

    def _assistant_threads_setStatus(self, args: dict[str, Any]) -> dict[str, Any]:
        self.statuses.append((args["channel_id"], args["thread_ts"], args["status"]))
        return {}

    def _assistant_threads_setSuggestedPrompts(self, args: dict[str, Any]) -> dict[str, Any]:
        prompts = args["prompts"]
        if not 1 <= len(prompts) <= 4 or any(set(one) != {"title", "message"} for one in prompts):
            raise Broken("invalid_arguments")
        self.prompts[args["channel_id"]] = prompts
        return {}

    def _files_getUploadURLExternal(self, args: dict[str, Any]) -> dict[str, Any]:
        name = f"F{next(self._number)}"
        self.uploads[name] = {
            "id": name,
            "name": args["filename"],
            "length": int(args["length"]),
            "alt_txt": args.get("alt_txt"),
            "bytes": None,
        }
        return {"file_id": name, "upload_url": f"UPLOAD/{name}"}

    def _files_completeUploadExternal(self, args: dict[str, Any]) -> dict[str, Any]:
        files = [self.uploads[wanted["id"]] | {"title": wanted.get("title")} for wanted in args["files"]]
        if any(file["bytes"] is None or len(file["bytes"]) != file["length"] for file in files):
            raise Broken("file_upload_size_mismatch")
        channel = self._channel(args["channel_id"])
        row = {
            "type": "message",
            "user": BOT_USER,
            "bot_id": BOT_ID,
            "ts": self._ts(),
            "thread_ts": args.get("thread_ts"),
            "files": files,
            "text": "",
        }
        self.messages[channel["id"]].append(row)
        return {"files": [{"id": file["id"], "title": file["title"]} for file in files]}

    def _channel(self, name: str) -> dict[str, Any]:
        found = next((row for row in self.channels.values() if name in {row["id"], row["name"], "#" + row["name"]}), None)
        if found is None and name in self.users:  # a person's id opens the app's own conversation with them
            found = {"id": f"D{name}", "name": name, "member": True, "archived": False}
            self.channels[found["id"]] = found
            self.messages[found["id"]] = []
        if found is None:
            raise Broken("channel_not_found")
        if found["archived"] or not found["member"]:
            raise Broken("is_archived" if found["archived"] else "not_in_channel")
        return found

    def _message(self, channel: str, ts: str) -> dict[str, Any]:
        found = next((row for row in self.messages[self._channel(channel)["id"]] if row["ts"] == ts), None)
        if found is None:
            raise Broken("message_not_found")
        return found

    def _shown(self, rows: list[dict[str, Any]], args: dict[str, Any]) -> list[dict[str, Any]]:
        with_metadata = str(args.get("include_all_metadata")).lower() in {"1", "true"}
        hidden = {"parse", "link_names", "unfurl_links"} | (set() if with_metadata else {"metadata"})
        shown = [{name: value for name, value in row.items() if name not in hidden} for row in rows[: int(args.get("limit", 100))]]
        return [row | ({"files": [{"id": f["id"], "name": f["name"]} for f in row["files"]]} if "files" in row else {}) for row in shown]

    def _ts(self) -> str:
        """Ever rising, unique in the workspace."""
        return f"{int(self.clock())}.{next(self._number):06d}"
