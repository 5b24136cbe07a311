"""MLflow's registries: a prompt's or a model's new version, and an alias that was set or removed: what products load by.

Signed as `X-MLflow-Signature: v1,<base64>` over delivery id, time and body. Tags and empty registrations altered nothing.
"""

from bot.model.change import Change, ChangeKind
from bot.pages.reading.altered import changed
from bot.pages.reading.part import Part
from bot.pages.reading.signature import identified_hmac
from bot.pages.reading.source import ChangeSource, Headers

_ENTITIES = {
    "prompt_version": ChangeKind.PROMPT,
    "prompt_alias": ChangeKind.PROMPT,
    "model_version": ChangeKind.MODEL,
    "model_version_alias": ChangeKind.MODEL,
}


def parse(body: Part, headers: Headers) -> tuple[Change, ...]:
    entity, action = body.text("entity"), body.text("action")
    if entity is None or action is None:
        raise body.wrong("no entity and action: not an MLflow event", "entity")
    kind = _ENTITIES.get(entity)
    if kind is None or action not in ("created", "deleted"):
        return ()
    data = body.part("data")
    alias, version = data.text("alias"), data.text("version")
    told = f"{alias} -> {version}" if alias and version else alias or version
    delivery = headers.get("x-mlflow-delivery-id")
    return (
        changed(
            data,
            kind,
            data.text("name"),
            body.time("timestamp"),
            told_by=f"mlflow:{delivery}" if delivery else None,
            before=told if action == "deleted" else None,
            after="" if action == "deleted" else told,
        ),
    )


CHANGES = ChangeSource(parse, signature=identified_hmac("x-mlflow-signature", "x-mlflow-delivery-id", "x-mlflow-timestamp"))
