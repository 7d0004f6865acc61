"""What the booking page weighs over the wire: page, styles and icon, as a phone asks for them."""

import re
from html import unescape

from tests.web.patient_pages import asked
from tests.web.site import Clinic
from tests.web.visitor import patient_visitor

MOST_BYTES = 60_000
MOST_REQUESTS = 8
_ASSET = re.compile(r'(?:href|src)="(/static/[^"]+)"')


def test_the_page_where_a_time_is_chosen_is_light(lone_clinic: Clinic) -> None:
    pat = patient_visitor(lone_clinic.site, lone_clinic.pat)
    request = asked(pat, lone_clinic)
    weighed: dict[str, int] = {}
    answer = pat.client.get(f"{request}/times", headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    weighed["page"] = len(answer.get_data())
    for asset in {unescape(each) for each in _ASSET.findall(answer.get_data(as_text=True))}:
        sent = pat.client.get(asset, headers={"Accept-Encoding": "gzip"})
        assert sent.status_code == 200
        weighed[asset] = len(sent.get_data())
        sent.close()
        small = ".svg" in asset  # a few hundred bytes
        assert small or sent.headers.get("Content-Encoding") == "gzip", asset
    assert len(weighed) <= MOST_REQUESTS
    assert sum(weighed.values()) <= MOST_BYTES, weighed
