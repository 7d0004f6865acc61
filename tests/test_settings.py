"""Settings are refused at start, by name."""

import pytest

from config import Settings, SettingsError
from scheduler.adapters.roads import RoadTravel
from scheduler.adapters.travel import GeodesicTravel
from scheduler.app import choose_ports


@pytest.mark.parametrize("url", ["http://127.0.0.1:5000", "https://roads.example.org/us-east/"])
def test_a_road_service_is_used_where_one_is_named(url: str) -> None:
    assert isinstance(choose_ports(Settings.from_env({"OSRM_URL": url})).travel, RoadTravel)


def test_without_a_road_service_drives_are_estimated() -> None:
    assert isinstance(choose_ports(Settings.from_env({})).travel, GeodesicTravel)


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:5000",
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:no",
        "http://127.0.0.1:99999",
        "http://127.0.0.1/?key=1",
        "http://127.0.0.1/#part",
        "http://user:word@127.0.0.1",
        "http://road service",
    ],
)
def test_an_address_that_is_none_is_refused_by_name(url: str) -> None:
    with pytest.raises(SettingsError, match="OSRM_URL"):
        Settings.from_env({"OSRM_URL": url})
