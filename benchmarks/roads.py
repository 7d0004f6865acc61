"""A road service on this machine: built from an OpenStreetMap extract by OSRM's own programs.

`make roads` puts the programs where they are looked for; OSRM_HOME names another folder that holds
`bin/` and `share/profiles/`.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent
INSTALLED = ROOT / ".venv-osrm" / "osrm"
EXTRACTS = ROOT.parent / "shared" / "data" / "osm"
READY_SECONDS = 30


class NoRoads(Exception):
    """The programs or the extracts are not here; the text says which."""


def find_programs() -> Path:
    """Return the folder of OSRM's programs; raises NoRoads where they are missing or do not run."""
    home = Path(os.environ.get("OSRM_HOME") or INSTALLED)
    program = home / "bin" / "osrm-routed"
    try:
        subprocess.run([program, "--version"], check=True, capture_output=True, timeout=30)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise NoRoads(f"No OSRM programs: {type(error).__name__}. Try make roads.") from error
    return home


def find_extract(name: str) -> Path:
    """Return the path of an extract by its file name; raises NoRoads."""
    path = EXTRACTS / name
    if not path.is_file():
        raise NoRoads(f"No road extracts: {name} is not beside the repository.")
    return path


def build_graph(programs: Path, extract: Path, folder: Path) -> Path:
    """Return the path of a road graph for cars made from an extract."""
    copy = Path(shutil.copy(extract, folder))
    graph = folder / extract.name.replace(".osm.pbf", ".osrm")
    profile = programs / "share" / "profiles" / "car.lua"
    steps = (
        ("osrm-extract", "-p", profile, copy),
        ("osrm-partition", graph),
        ("osrm-customize", graph),
    )
    for step, *arguments in steps:
        command = [programs / "bin" / str(step), *arguments]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 (our own command)
    return graph


@contextmanager
def serving(programs: Path, graph: Path) -> Iterator[str]:
    """Serve a graph on a free port of this machine; give its address."""
    port = _free_port()
    command = [str(programs / "bin" / "osrm-routed"), "--algorithm", "mld", "--ip", "127.0.0.1"]
    command += ["--port", str(port), "--threads", "2", "--verbosity", "NONE", str(graph)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        _wait_until_open(server, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def nearest_metres(url: str, longitude: float, latitude: float) -> tuple[float, float, float]:
    """Return the nearest point on a road, (longitude, latitude), and how far away it is."""
    answer = requests.get(f"{url}/nearest/v1/driving/{longitude},{latitude}", timeout=5).json()
    found = answer["waypoints"][0]
    return found["location"][0], found["location"][1], found["distance"]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_until_open(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise NoRoads("No OSRM programs: the server did not start.")
