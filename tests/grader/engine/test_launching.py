"""A warm process is started early, once, with nothing of the grader's environment, and leaves nothing behind."""

import os

import pytest

from grader.engine import launching as launch


@pytest.fixture(autouse=True)
def _none_early():
    launch._unused()
    yield
    launch._unused()


def test_its_environment_holds_nothing_of_the_graders(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_PASSWORD", "hush")
    monkeypatch.setenv("LORA_UTILS_CHECK_SEED", "hush")
    made = launch.variables(str(tmp_path))
    assert "hush" not in made.values()
    assert made["HOME"] == str(tmp_path)
    assert made["OMP_NUM_THREADS"] == "1"  # the child of a process with more threads hangs


@pytest.mark.kernel
def test_the_first_engine_takes_the_early_process_over_and_the_next_starts_its_own():
    launch.launch_early()
    early = launch._early[0]
    first, second = launch.launched(), launch.launched()
    assert first is early
    assert second.process.pid != first.process.pid
    for one in (first, second):
        one.process.kill()  # before it has imported torch
        one.close()


@pytest.mark.kernel
def test_an_early_process_that_nobody_needs_is_gone_with_its_folder():
    launch.launch_early()
    early = launch._early[0]
    launch._unused()
    assert early.process.poll() is not None
    assert not os.path.exists(early.folder)
    assert launch._early == []


@pytest.mark.kernel
def test_who_asks_again_gets_no_second_one():
    """A process that runs command after command would fill the memory with those that nobody takes over."""
    for _ in range(3):
        launch.launch_early()
    assert len(launch._early) == 1
