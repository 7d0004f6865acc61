"""What a request needs from the application: ports, practice, and the desk of who is asking."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app, g

from config import Settings
from scheduler.ports import Ports
from scheduler.services.desk import SYSTEM_ID, Actor, Desk
from scheduler.services.practice import Practice
from scheduler.store.database import db
from scheduler.store.people import Role

_EXTENSION = "visit_scheduler"


@dataclass(frozen=True, slots=True)
class Wiring:
    """The application's adapters, its practice, and how to make another of its kind."""

    ports: Ports
    practice: Practice
    demo: bool
    make_app: Callable[[Settings], Flask]


def connect(app: Flask, wiring: Wiring) -> None:
    """Give the application its ports."""
    app.extensions[_EXTENSION] = wiring


def wiring_of(app: Flask) -> Wiring:
    """Return the application's ports and practice."""
    found = app.extensions[_EXTENSION]
    if not isinstance(found, Wiring):
        raise TypeError("the application is not wired")
    return found


def current_desk() -> Desk:
    """Return the desk of the signed-in person."""
    return desk_for(g.actor)


def public_desk() -> Desk:
    """Return a desk for somebody who is not signed in: it may read what is public, no more."""
    return desk_for(Actor(SYSTEM_ID, Role.PATIENT))


def desk_for(actor: Actor) -> Desk:
    """Return a desk for an actor in the present application."""
    wiring = wiring_of(current_app)
    return Desk(db.session(), wiring.ports, wiring.practice, actor)
