"""What a submission's threads print costs nobody anything."""

from __future__ import annotations

import threading

import pytest

from grader.student.output_record import Record


class Flood(Exception):
    pass


def flood():
    raise Flood


def in_thread(act) -> None:
    thread = threading.Thread(target=act)
    thread.start()
    thread.join()


def test_a_cell_that_prints_too_much_floods():
    record = Record(10, flood)
    record.write("0123456789")
    with pytest.raises(Flood):
        record.write("x")


def test_a_thread_cannot_flood_and_takes_nothing_of_the_cells_room():
    record = Record(10, flood)
    record.begin(True)
    in_thread(lambda: record.write("0123456789"))
    in_thread(lambda: record.write("dropped"))
    in_thread(lambda: record.show({"text/plain": "dropped"}))
    record.write("its own")
    assert record.data()["text"] == "0123456789its own"


def test_what_an_earlier_cells_thread_prints_is_not_shown_under_a_later_one():
    record, go, done = Record(1000, flood), threading.Event(), threading.Event()

    def talk():
        record.write("while its cell runs\n")
        done.set()
        go.wait(10)
        record.write("later\n")

    record.begin(True)
    thread = threading.Thread(target=talk)
    thread.start()
    assert done.wait(10)
    assert record.data()["text"] == "while its cell runs\n"
    record.begin(True)
    go.set()
    thread.join(10)
    record.write("the next cell\n")
    assert record.data()["text"] == "the next cell\n"
