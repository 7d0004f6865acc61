"""Groups of tests stay together: pytest 9.2 keeps ids where pytest-xdist 3.8 does not write them.

pytest-xdist hands out tests by their ids, to which it adds their group as `@name`.
"""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the id that pytest-xdist wrote where pytest reads it."""
    for item in items:
        grouped: str | None = vars(item).get("_nodeid")
        if grouped is not None and item.nodeid != grouped:
            item._id = type(item.id).parse(grouped)  # noqa: SLF001
