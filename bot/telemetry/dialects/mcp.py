"""Model Context Protocol, client and server side: `mcp.method.name`.

Traps: only `tools/call` is a tool (listing tools or opening a session is not); a call that answers with isError has error.type
`tool_error` and no status; JSON-RPC -32602 is a broken contract between model and tool, not a server's fault.
"""

from __future__ import annotations

from bot.telemetry import captured
from bot.telemetry.dialects import Dialect, Rule
from bot.telemetry.group import Group

KINDS = {"tools/call": "tool", "prompts/get": "prompt", "resources/read": "retrieval"}

TABLE: dict[str, Rule] = {
    "mcp.method.name": "op",
    "gen_ai.tool.name": "tool",
    "mcp.tool.name": "tool",
    "mcp.request.params.name": "tool",
    "gen_ai.prompt.name": "prompt_name",
    "mcp.prompt.name": "prompt_name",
    "mcp.resource.uri": "source_id",
    "mcp.session.id": "mcp_session",
    "mcp.server.name": "tool_server",
    "server.address": "tool_server",
    "mcp.server.version": "tool_version",
}


def _kinds(group: Group) -> list[str]:
    return [KINDS.get(str(method), "other") for method in group.values("mcp.method.name") or [None] * group.n]


def _finish(group: Group) -> None:
    tools = [kind == "tool" for kind in group.kinds]
    group.put("tool_type", ["mcp" if is_tool else None for is_tool in tools])
    if "server.address" in group.attrs:
        group.put("server_address", group.attrs["server.address"])
    named = [name.partition(" ")[2] or None for name in group.names]  # the span is called `tools/call get_weather`
    group.put("tool", [name if is_tool else None for name, is_tool in zip(named, tools, strict=True)])
    captured.tool(group, ("gen_ai.tool.call.arguments", "mcp.request.params.arguments"), ("gen_ai.tool.call.result", "mcp.response.value"))


DIALECT = Dialect(
    name="mcp",
    rank=65,  # before OpenTelemetry GenAI: an MCP span that names its tool carries gen_ai.tool.name, and is still MCP's
    recognises=lambda keys, scope: "mcp.method.name" in keys and "gen_ai.operation.name" not in keys,
    table=TABLE,
    kinds=_kinds,
    finish=_finish,
    reads=frozenset({"gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "mcp.request.params.arguments", "mcp.response.value"}),
    prefixes=("mcp.", "jsonrpc.", "rpc.", "gen_ai."),
)
