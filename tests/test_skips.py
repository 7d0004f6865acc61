"""A skip that nobody agreed to fails the run where none is expected."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parent.parent
ONE_SKIP = """
    import pytest

    def test_runs(): pass

    @pytest.mark.skip(reason="Bea forgot the browser")
    def test_skips(): pass

    @pytest.mark.xfail(reason="known")
    def test_fails_as_known(): assert False
"""
SKIPPED_MODULE = "import pytest; pytest.skip('no such library', allow_module_level=True)"


@pytest.fixture(params=[(), ("-p", "xdist", "-n", "2")], ids=["one process", "xdist"])
def arguments(
    request: pytest.FixtureRequest, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, ...]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("CI_EXPECT_NO_SKIPS", "1")
    pytester.makepyfile(ONE_SKIP)
    workers: tuple[str, ...] = request.param
    return ("-p", "tests.plugins.skips", "-p", "no:cacheprovider", *workers)


def test_a_surprising_skip_fails_the_run_and_is_named(
    pytester: pytest.Pytester, arguments: tuple[str, ...]
) -> None:
    result = pytester.runpytest_subprocess(*arguments)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*skips nobody agreed to*", "*test_skips: Bea forgot the browser"])


def test_a_surprising_skip_of_a_whole_file_fails_the_run(
    pytester: pytest.Pytester, arguments: tuple[str, ...]
) -> None:
    pytester.makepyfile(test_other=SKIPPED_MODULE)
    result = pytester.runpytest_subprocess(*arguments)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*test_other*no such library"])


def test_elsewhere_a_skip_is_only_a_skip(
    pytester: pytest.Pytester, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI_EXPECT_NO_SKIPS")
    result = pytester.runpytest_subprocess(*arguments)
    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(passed=1, skipped=1, xfailed=1)


def test_an_agreed_skip_passes(pytester: pytest.Pytester, arguments: tuple[str, ...]) -> None:
    pytester.makeconftest(
        "from tests.plugins import skips\nskips.AGREED_SKIPS = {'Bea forgot': 'she always does'}\n"
    )
    assert pytester.runpytest_subprocess(*arguments).ret == pytest.ExitCode.OK
