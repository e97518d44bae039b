"""What pip printed, and what the course says about it."""

import pytest

from lora_utils.data import download
from lora_utils.data.download import diagnose, pip_download

BROKEN = """WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError(...)'
ERROR: Download failed after 5 attempts because not enough bytes were received (10 bytes/20 bytes)"""


@pytest.mark.parametrize(
    ("output", "why", "again"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device: '/tmp/x'", "the disk is full", False),
        ("/usr/bin/python: No module named pip", "this Python has no pip", False),
        (
            "ProtocolError('Connection broken: IncompleteRead(10 bytes read)')",
            "the transfer broke off several times",
            True,
        ),
        (BROKEN, "the transfer broke off several times", True),
        (
            "ERROR: Wheel 'toy' located at /tmp/toy-1-py3-none-any.whl is invalid.",
            "what came was no whole file, several times",
            True,
        ),
        ("NewConnectionError('[Errno -3] Temporary failure in name resolution')", "there is no network", False),
        ("getaddrinfo failed\nERROR: No matching distribution found for x", "there is no network", False),
        ("ERROR: No matching distribution found for x==1", "the package index that pip uses does not offer it", False),
        ("one\nERROR: Something else.\n", "pip said: Something else", False),
        ("Traceback\nKeyError: 5", "pip said: KeyError: 5", False),
        ("", "pip said: nothing", False),
    ],
)
def test_diagnosis(output, why, again):
    found = diagnose(output)
    assert found.why == why
    assert found.worth_another_try is again


def test_a_pip_that_is_too_old_for_an_option_is_not_given_it(monkeypatch, tmp_path):
    commands = []

    def popen(command, **_):
        commands.append(command)
        raise InterruptedError

    monkeypatch.setattr(download.subprocess, "Popen", popen)
    for version in ("24.0", "24.3.1", "25.1"):
        monkeypatch.setattr(download.metadata, "version", lambda _, version=version: version)
        with pytest.raises(InterruptedError):
            pip_download("toy==1", tmp_path, "toy")
    options = [{"--progress-bar", "--resume-retries"} & set(command) for command in commands]
    assert options == [set(), {"--progress-bar"}, {"--progress-bar", "--resume-retries"}]


def test_an_interrupt_stops_pip(monkeypatch, tmp_path):
    started = []
    original = download.subprocess.Popen

    def popen(command, **keywords):
        started.append(original([command[0], "-c", "import time; print('x', flush=True); time.sleep(600)"], **keywords))
        return started[0]

    def interrupt(stream):
        stream.readline()
        raise KeyboardInterrupt

    monkeypatch.setattr(download.subprocess, "Popen", popen)
    monkeypatch.setattr(download, "_show", interrupt)
    with pytest.raises(KeyboardInterrupt):
        pip_download("toy==1", tmp_path, "toy")
    assert started[0].poll() is not None


def test_progress_lines_become_a_bar(capsys):
    lines = ["Collecting toy\n", "Progress 10 of 40\n", "Progress 40 of 40\n", "Saved toy.whl\n"]
    assert list(download._show(lines)) == ["Collecting toy", "Saved toy.whl"]
    assert capsys.readouterr().err == ""
