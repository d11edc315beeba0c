"""Submitting and closing modals, and what the app's ack makes of the stack."""

from sandbox.slack import views
from sandbox.slack.api_error import ApiError
from sandbox.slack.delivery import Courier, outcome
from sandbox.slack.form import missing_answers
from sandbox.slack.ids import Json
from sandbox.slack.model import User, View
from sandbox.slack.payloads import interaction, view_json
from sandbox.slack.surfaces import type_into, view_now
from sandbox.slack.workspace import Workspace

BAD_ACK = "invalid_ack"


class Modals:
    """The two ways a modal ends: submitted, or closed."""

    def __init__(self, ws: Workspace, courier: Courier) -> None:
        self._ws = ws
        self._courier = courier

    async def submit(self, user: User, view: View, typed: Json) -> Json:
        """Press a modal's submit button; empty required fields never leave the client."""
        values = type_into(self._ws, view, typed)
        if errors := missing_answers(view.spec["blocks"], values):
            return self._show_errors(view, errors)
        payload = interaction(
            "view_submission",
            user,
            trigger_id=self._ws.new_trigger(user.id),
            view=view_json(view, values),
            response_urls=[],
        )
        answer = await self._courier.interact("interactive", payload)
        if not answer.acked:
            return outcome(answer)
        try:
            return self._apply_ack(view, answer.payload or {})
        except ApiError:
            return {"ok": False, "error": BAD_ACK}

    def close(self, user: User, view: View, *, everything: bool) -> Json:
        """Press X: on one modal, or on the whole stack."""
        clears = everything or bool(view.spec.get("clear_on_close"))
        stack = list(self._ws.stacks.get(user.id) or ())
        gone = stack if clears else stack[stack.index(view) :]
        if clears:
            views.close_all(self._ws, user.id)
        else:
            views.close_view(self._ws, view)
        for each in gone:
            if each.spec.get("notify_on_close"):
                payload = interaction(
                    "view_closed", user, view=view_now(self._ws, each), is_cleared=clears
                )
                # Nobody waits for this ack: the modal is gone from the screen already.
                self._courier.spawn(self._courier.interact("interactive", payload))
        return {"ok": True}

    def _apply_ack(self, view: View, ack: Json) -> Json:
        match ack.get("response_action"):
            case None:
                views.close_view(self._ws, view)
            case "clear":
                views.close_all(self._ws, view.user)
            case "update":
                views.replace_view(self._ws, view, ack.get("view"))
            case "push":
                views.push_modal(self._ws, view.user, ack.get("view"))
            case "errors":
                return self._show_errors(view, ack.get("errors") or {}, from_app=True)
            case _:
                raise ApiError(BAD_ACK)
        return {"ok": True}

    def _show_errors(self, view: View, errors: Json, *, from_app: bool = False) -> Json:
        inputs = {each["block_id"] for each in view.spec["blocks"] if each["type"] == "input"}
        if from_app and (not errors or not set(errors) <= inputs):
            raise ApiError(BAD_ACK)
        view.errors = {block_id: str(said) for block_id, said in errors.items()}
        self._ws.changed("views", users=[view.user])
        return {"ok": False, "errors": view.errors}
