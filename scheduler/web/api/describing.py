"""The OpenAPI description: what each endpoint takes and answers."""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel
from spectree import Response, SecurityScheme, SpecTree
from spectree.models import SecureType, SecuritySchemeData

from scheduler.web.api.given import Problem

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
) -> Callable[[Handler], Handler]:
    """Describe an endpoint. Checking is ours, so that every refusal looks alike."""
    codes: dict[str, Any] = {f"HTTP_{status}": answers}
    refusals = (400, 404, 422) if public else (400, 401, 403, 404, 409, 415, 422)
    codes |= {f"HTTP_{code}": Problem for code in refusals}
    decorate: Callable[[Handler], Handler] = SPEC.validate(
        json=takes,
        query=query,
        resp=Response(**codes),
        security={} if public else {"token": []},
        skip_validation=True,
    )
    return decorate
