"""The OpenAPI description: what each endpoint takes and answers."""

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import BaseModel
from spectree import Response, SecurityScheme, SpecTree
from spectree.models import SecureType, SecuritySchemeData

from scheduler.web.api.given import Problem
from scheduler.web.api.taken import RepeatHeaders

Handler = TypeVar("Handler", bound=Callable[..., Any])

SPEC = SpecTree(
    "flask",
    title="Visit scheduler",
    version="1",
    description="Home visits by licensed clinicians: coverage, requests, offers, visits, series.",
    path="openapi",
    naming_strategy=lambda model: model.__name__,
    nested_naming_strategy=lambda _parent, child: child,
    page_templates={},
    mode="strict",
    annotations=False,
    security_schemes=[
        SecurityScheme(
            name="token", data=SecuritySchemeData(type=SecureType.HTTP, scheme="bearer")
        ),
    ],
)


def described(
    takes: type[BaseModel] | None = None,
    answers: type[BaseModel] | None = None,
    status: int = 200,
    query: type[BaseModel] | None = None,
    *,
    public: bool = False,
    repeatable: bool = False,
) -> Callable[[Handler], Handler]:
    """Describe an endpoint. Checking is ours, so that every refusal looks alike.

    `repeatable`: it takes an Idempotency-Key.
    """
    codes: dict[str, Any] = {f"HTTP_{status}": answers}
    refusals = [400, 404, 405, 422, 503]
    if not public:
        refusals += [401, 403, 409, 413, 415]
    codes |= {f"HTTP_{code}": Problem for code in refusals}
    decorate: Callable[[Handler], Handler] = SPEC.validate(
        json=takes,
        query=query,
        headers=RepeatHeaders if repeatable else None,
        resp=Response(**codes),
        security={} if public else {"token": []},
        skip_validation=True,
    )
    return decorate


@cache
def description() -> dict[str, Any]:
    """Return the OpenAPI document; refusals are problem documents, which spectree cannot say."""
    document: dict[str, Any] = deepcopy(SPEC.spec)
    for path in document["paths"].values():
        for operation in path.values():
            for code, response in operation["responses"].items():
                if int(code) >= HTTPStatus.BAD_REQUEST and "content" in response:
                    content = response["content"]
                    content["application/problem+json"] = content.pop("application/json")
    return document
