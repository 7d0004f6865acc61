"""The application factory: the only place that picks adapters."""

from pathlib import Path

from flask import Flask
from flask_migrate import Migrate

from config import ROOT, Settings
from scheduler import cli
from scheduler.adapters.clock import SystemClock
from scheduler.adapters.geocoding import NominatimGeocoder, ZipGeocoder
from scheduler.adapters.roads import RoadTravel
from scheduler.adapters.sms import OutboxPageSender, TwilioSender
from scheduler.adapters.travel import GeodesicTravel
from scheduler.ports import Geocoder, Ports, SmsSender, TravelTimes
from scheduler.services.practice import POLICY, Practice
from scheduler.store.database import db, prepare_engine
from scheduler.store.encryption import KeyRing, read_or_make_key, use_keys
from scheduler.web import (
    accounts,
    admin,
    api,
    assets,
    browser_session,
    care_words,
    dispatch,
    drives,
    errors,
    guard,
    headers,
    health,
    languages,
    logs,
    patient,
    patient_sign_in,
    prescriber,
    presenters,
    protocols,
    public,
    route,
    staff,
    wiring,
)

MAX_BODY_BYTES = 64 * 1024
PARTS = (
    logs,
    headers,
    languages,
    assets,
    presenters,
    care_words,
    guard,
    errors,
    health,
    public,
    patient_sign_in,
    patient,
    staff,
    drives,
    prescriber,
    protocols,
    route,
    dispatch,
    admin,
    accounts,
    api,
    cli,
)
"""What is served, in the order in which requests meet it."""


def create_app(settings: Settings, ports: Ports | None = None) -> Flask:
    """Return the application; `ports` replaces the adapters that the settings would choose."""
    app = Flask(
        __name__,
        instance_path=str(settings.instance_path),
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
    )
    settings.instance_path.mkdir(parents=True, exist_ok=True)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(settings)
    use_keys(KeyRing(settings.encryption_keys or _demo_keys(settings.instance_path)))
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
    Migrate(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    practice = Practice(
        settings.practice_name,
        settings.practice_phone,
        settings.public_url,
        settings.practice_policy or POLICY,
    )
    chosen = ports or choose_ports(settings)
    wiring.connect(app, wiring.Wiring(chosen, practice, settings.demo, create_app))
    browser_session.register(app, secure=settings.public_url.startswith("https:"))
    for part in PARTS:
        part.register(app)
    return app


def _engine_options(settings: Settings) -> dict[str, object]:
    quiet: dict[str, object] = {"hide_parameters": True}  # an error's text reaches the log
    if settings.database_url.startswith("sqlite"):
        return quiet
    return quiet | {"pool_size": 10, "max_overflow": 10, "pool_pre_ping": True}


def _demo_keys(instance_path: Path) -> tuple[bytes, ...]:
    return (read_or_make_key(instance_path / "demo.key"),)


def choose_ports(settings: Settings) -> Ports:
    """Return the adapters that the settings ask for, embedded ones where they ask for none."""
    return Ports(
        clock=SystemClock(),
        geocoder=_geocoder(settings),
        travel=_travel(settings),
        sms=_sms(settings),
    )


def _geocoder(settings: Settings) -> Geocoder:
    zips = ZipGeocoder()
    if not settings.nominatim_domain:
        return zips
    return NominatimGeocoder(zips, settings.nominatim_domain, "visit-scheduler")


def _travel(settings: Settings) -> TravelTimes:
    return RoadTravel(settings.osrm_url) if settings.osrm_url else GeodesicTravel()


def _sms(settings: Settings) -> SmsSender:
    if not settings.sends_real_sms:
        return OutboxPageSender()
    return TwilioSender(
        settings.twilio_account_sid,
        settings.twilio_auth_token,
        messaging_service_sid=settings.twilio_messaging_service_sid or None,
        from_number=settings.twilio_from_number or None,
        base_url=settings.twilio_api_base_url or None,
    )
