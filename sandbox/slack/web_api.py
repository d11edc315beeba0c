"""The Web API's door: /api/METHOD, by GET or POST, with tokens, scopes, trouble and a log of calls."""

import asyncio
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from sandbox.slack import (
    chat_methods,
    conversation_methods,
    file_methods,
    people_methods,
    view_methods,
)
from sandbox.slack.api_error import ApiError
from sandbox.slack.arguments import read_arguments
from sandbox.slack.ids import Json
from sandbox.slack.method import Method, need_scope
from sandbox.slack.model import Call
from sandbox.slack.trouble import Fault
from sandbox.slack.workspace import Workspace

TOO_MANY: Final = 429
METHODS: Final[dict[str, Method]] = {
    **chat_methods.METHODS,
    **conversation_methods.METHODS,
    **people_methods.METHODS,
    **file_methods.METHODS,
    **view_methods.METHODS,
}


class WebApi:
    """Answers calls: HTTP 200 with ok true or false, unless trouble says otherwise."""

    def __init__(self, ws: Workspace, more: Mapping[str, Method]) -> None:
        self._ws = ws
        self._methods = {**METHODS, **more}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One call."""
        name = request.match_info["method"]
        args: Json = {}
        fault = self._ws.trouble.take("method", name)
        try:
            args = await read_arguments(request)
            if fault and fault.do == "delay":
                await asyncio.sleep(fault.seconds)
            if fault and fault.do in {"error", "status"}:
                return self._refused(name, args, fault)
            body = self._run(name, args, _bearer(request, args))
            if fault and fault.do == "duplicate":
                self._run(name, args, _bearer(request, args))
        except ApiError as err:
            body = err.body
        self._log(name, args, body)
        if fault and fault.do == "drop_after_commit":
            _cut(request)
        return web.json_response(body, headers=self._headers())

    def _run(self, name: str, args: Json, token: str) -> Json:
        method = self._methods.get(name)
        if method is None:
            raise ApiError("unknown_method", req_method=name)
        self._check_token(token, method)
        if method.token == "bot":
            need_scope(self._ws, *method.scopes)
        return {"ok": True, **method.run(self._ws, args)}

    def _check_token(self, token: str, method: Method) -> None:
        known = self._ws.credentials
        kinds = {known.bot_token: "bot", known.app_token: "app"}
        if not token:
            raise ApiError("not_authed")
        if token not in kinds:
            raise ApiError("invalid_auth")
        if kinds[token] != method.token:
            raise ApiError("not_allowed_token_type")

    def _refused(self, name: str, args: Json, fault: Fault) -> web.Response:
        if fault.do == "error":
            body: Json = {"ok": False, "error": fault.error}
            self._log(name, args, body)
            return web.json_response(body, headers=self._headers())
        headers = self._headers()
        body = {"ok": False, "error": fault.error}
        if fault.status == TOO_MANY:
            headers["Retry-After"] = str(max(1, round(fault.seconds)))
            body["error"] = "ratelimited"
        self._log(name, args, body)
        return web.json_response(body, status=fault.status, headers=headers)

    def _headers(self) -> dict[str, str]:
        return {"x-oauth-scopes": ",".join(self._ws.manifest.scopes)}

    def _log(self, name: str, args: Json, body: Json) -> None:
        shown = {key: value for key, value in args.items() if key != "token"}
        call = Call(
            method=name,
            args=shown,
            ok=bool(body["ok"]),
            error=body.get("error"),
            at=self._ws.clock.now(),
        )
        self._ws.calls.append(call)


def _bearer(request: web.Request, args: Json) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else str(args.get("token") or "")


def _cut(request: web.Request) -> None:
    """Break the connection after the work was done: the app cannot know whether it was."""
    if request.transport is not None:
        request.transport.abort()
