"""A zip is a stranger's: nothing is unpacked, nothing leads out, and monsters are refused before they are read."""

from __future__ import annotations

import json
import os
import stat
import struct
import sys
import zipfile
from datetime import datetime

import lms_downloads as lms
import pytest
import tiny_course as tiny

from grader.collecting import CannotCollect, download, gather
from grader.collecting.download import entries


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return tiny.make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def keys(course):
    return tiny.keys_of(course)


@pytest.fixture(scope="module")
def one(course):
    return json.dumps(tiny.notebook(course)).encode()


def reasons(collection):
    return {line.path: line.reason for line in collection.lines if line.status != "taken"}


@pytest.mark.parametrize("name", ["../bo/x.ipynb", "/bo/x.ipynb", "ada/../../bo/x.ipynb", "C:\\bo\\x.ipynb"])
def test_a_path_that_leads_out_is_refused_and_the_others_are_taken(name, tmp_path, keys, one):
    path = lms.make_zip(tmp_path / "d.zip", {name: one, "zoe/x.ipynb": one})
    found = gather([path], keys)
    assert [student for student, _ in found.hand_ins] == ["zoe"]
    assert list(reasons(found).values()) == [
        "has a path that leads out of the zip; hand in the notebook under an ordinary name"
    ]
    assert [one.name for one in tmp_path.iterdir()] == ["d.zip"]


def test_links_and_locked_files_in_a_zip(tmp_path, keys, one):
    path = tmp_path / "d.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("ada/x.ipynb")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("bo/x.ipynb", one)
        archive.writestr("cy/x.ipynb", one)
    data = bytearray(path.read_bytes())
    place = data.rfind(b"PK\1\2", 0, data.rfind(b"cy/x.ipynb"))
    data[place + 8] |= 1  # as an encrypted file is marked in the list
    path.write_bytes(data)
    found = gather([path], keys)
    assert reasons(found) == {
        "ada/x.ipynb": "is a link and not a file; hand in the notebook itself",
        "cy/x.ipynb": "is encrypted; hand it in without a password",
    }
    assert [(one.student, one.file) for one in found.refusals] == [("ada", "ada/x.ipynb"), ("cy", "cy/x.ipynb")]


@pytest.mark.parametrize("make", [lms.make_zip, lms.make_folder])
def test_a_zip_that_a_student_handed_in_is_read_and_nothing_outside_it(make, tmp_path, keys, one):
    inner = {
        "Lab 1/x.ipynb": one,
        "Lab 1/timestamp.txt": b"2020-01-01 00:00:00 UTC",  # of the student's making
        "__MACOSX/._x.ipynb": b"\0",
        "../zoe/x.ipynb": one + b" ",
        "deeper.zip": b"",
    }
    work = lms.make_zip(tmp_path / "inner.zip", inner).read_bytes()
    name = lms.canvas("Li, Bo", 7, 8, "my work.zip")
    found = gather([make(tmp_path / "d.zip", {name: work, lms.canvas("Zoe", 1, 2, "x.ipynb"): one})], keys)
    assert [(who, [h.submission.timestamp for h in group]) for (who, _), group in found.hand_ins.items()] == [
        ("libo", [None]),
        ("zoe", [None]),
    ]
    assert found.hand_ins["libo", tiny.FIRST][0].entry.path == f"{name}/Lab 1/x.ipynb"
    assert [str(one).partition(name)[2] for one in found.refusals] == [
        "/../zoe/x.ipynb has a path that leads out of the zip; hand in the notebook under an ordinary name.",
        "/deeper.zip is an archive that is not opened here; hand in the notebook itself.",
    ]
    said = reasons(found)
    assert said[name] == "is a zip, whose files are in this list by themselves"
    assert said[f"{name}/__MACOSX/._x.ipynb"].startswith("is made by a program")


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        ({"notes.txt": b""}, "is a zip without a notebook"),
        ({f"{n}.txt": b"" for n in range(201)}, "is a zip of more than 200 files and 200 MB; hand in the notebook"),
        (None, "is no zip that can be read; hand in the notebook itself"),
    ],
)
def test_a_students_zip_that_cannot_be_taken_is_named(inner, said, tmp_path, keys, one):
    content = lms.make_zip(tmp_path / "inner.zip", inner).read_bytes() if inner is not None else b"PK"
    found = gather([lms.make_zip(tmp_path / "d.zip", {"ada/w.ZIP": content, "zoe/x.ipynb": one})], keys)
    (refused,) = found.refusals
    assert str(refused).startswith(f"ada: ada/w.ZIP {said}")


def test_downloads_that_lie_in_one_folder_are_to_be_given_by_themselves(tmp_path, keys, one):
    canvas = lms.make_zip(tmp_path / "c.zip", {lms.canvas("Li, Bo", 7, 8, "x.ipynb"): one}).read_bytes()
    folder = lms.make_folder(tmp_path / "d", {"submissions.zip": canvas, "zoe/x.ipynb": one, "old.7z": b""})
    cure = "give it to `grader collect` by itself, or say with --pattern where a student's name stands."
    problems = gather([folder], keys).problems
    assert problems == [f"{name} does not say whose it is; {cure}" for name in ("old.7z", "submissions.zip")]


def test_a_bomb_is_refused_by_what_the_list_says(tmp_path, keys, one, monkeypatch):
    path = lms.make_zip(tmp_path / "d.zip", {"ada/x.ipynb": b" " * 30_000_000, "zoe/x.ipynb": one})
    assert path.stat().st_size < 100_000
    (refused,) = gather([path], keys).refusals
    assert "is far too big (30 MB, the limit is 25 MB); clear its outputs" in str(refused)
    monkeypatch.setattr(download, "MOST_BYTES", 20_000_000)
    with pytest.raises(CannotCollect, match="unpacks to 0.0 GB, and the limit is 0 GB; leave out what is big"):
        gather([path], keys)


def test_a_list_that_lies_about_a_size_unpacks_no_more_than_it_says(tmp_path, keys):
    path = lms.make_zip(tmp_path / "d.zip", {"ada/x.ipynb": b" " * 1_000_000})
    data = bytearray(path.read_bytes())
    place = data.rfind(b"PK\1\2")
    struct.pack_into("<I", data, place + 24, 10)
    path.write_bytes(data)
    (refused,) = gather([path], keys).refusals
    assert "cannot be unpacked (BadZipFile); download the zip again" in str(refused)


@pytest.mark.parametrize("zipped", [True, False])
def test_too_many_files(zipped, tmp_path, keys, monkeypatch):
    monkeypatch.setattr(download, "MOST_FILES", 3)
    files = {f"ada/{n}.txt": b"" for n in range(4)}
    make, name = (lms.make_zip, "d.zip") if zipped else (lms.make_folder, "d")
    with pytest.raises(CannotCollect, match="holds more than 3 files; give the download of one class"):
        gather([make(tmp_path / name, files)], keys)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("d.zip", b"nothing like a zip", "is no zip that can be read .*; download it again"),
        ("d.tar.gz", b"nothing like a zip", "is no zip that can be read .*; unpack it and give the folder"),
        ("05.ipynb", b"{}", "is no zip that can be read .*; put it into a folder with the student's name"),
        ("d.zip", None, "there is no"),
    ],
)
def test_what_is_no_download_gets_one_sentence(name, content, said, tmp_path, keys):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CannotCollect, match=said):
        gather([path], keys)


def test_names_in_utf8_with_and_without_the_flag_and_in_cp437(tmp_path):
    path = tmp_path / "d.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("José/x.ipynb", b"")
    flagged = path.read_bytes()
    bare = bytearray(flagged)
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = bare.find(mark)
        struct.pack_into("<H", bare, place + offset, 0)
    old = bytes(bare).replace("José/x.ipynb".encode(), "José/x.ipynb".encode("cp437") + b"_")
    names = []
    for number, content in enumerate((flagged, bytes(bare), old)):
        place = tmp_path / f"{number}.zip"
        place.write_bytes(content)
        names += [entry.path for entry in entries(place)]
    assert names == ["José/x.ipynb", "José/x.ipynb", "José/x.ipynb_"]


def test_a_time_in_utc_is_taken_before_the_zips_own_clock(tmp_path):
    path = tmp_path / "d.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("a", (2026, 3, 1, 14, 0, 0))
        info.extra = struct.pack("<HHBI", 0x5455, 5, 1, 1772366400)  # 2026-03-01 12:00:00 UTC
        archive.writestr(info, b"")
        archive.writestr(zipfile.ZipInfo("b", (2026, 3, 1, 14, 0, 0)), b"")
        archive.writestr(zipfile.ZipInfo("c"), b"")
        info = zipfile.ZipInfo("d", (2026, 3, 1, 14, 0, 0))
        info.extra = struct.pack("<HHBi", 0x5455, 5, 1, -3600)  # a clock that stood before 1970; not the year 2106
        archive.writestr(info, b"")
    assert [entry.time for entry in entries(path)] == [datetime(2026, 3, 1, 12), datetime(2026, 3, 1, 14), None, None]


@pytest.mark.skipif(sys.platform == "win32", reason="needs links")
def test_a_folders_links_are_not_followed_and_its_junk_is_nobodys(tmp_path, keys, one):
    folder = lms.make_folder(
        tmp_path / "d",
        {
            "ada/x.ipynb": one,
            "ada/.ipynb_checkpoints/x-checkpoint.ipynb": one,
            "__MACOSX/ada/._x.ipynb": b"\0",
            "ada/._x.ipynb": b"\0",
            "ada/.DS_Store": b"\0",
        },
    )
    (folder / "bo").symlink_to(folder / "ada")
    (folder / "cy").mkdir()
    (folder / "cy" / "x.ipynb").symlink_to(folder / "ada" / "x.ipynb")
    found = gather([folder], keys)
    assert list(found.hand_ins) == [("ada", tiny.FIRST)]
    said = reasons(found)
    assert said["cy/x.ipynb"] == "is a link and not a file; hand in the notebook itself"
    nobodys = [line.path for line in found.lines if line.status == "nothing"]
    assert nobodys == ["__MACOSX", "ada/.DS_Store", "ada/._x.ipynb", "ada/.ipynb_checkpoints"]
    assert "bo" in said


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere file names are text")
def test_a_name_that_is_no_text(tmp_path, keys, one):
    lms.make_folder(tmp_path / "d", {"zoe/x.ipynb": one, "ada/x.ipynb": one})
    os.rename(tmp_path / "d" / "ada" / "x.ipynb", os.fsencode(tmp_path / "d" / "ada") + b"/\xe9.ipynb")
    (refused,) = gather([tmp_path / "d"], keys).refusals
    assert str(refused) == "ada: ada/?.ipynb has a name that is not UTF-8; rename it."


def test_a_folder_that_cannot_be_listed_is_told_and_stops_nobody(tmp_path, keys, one, monkeypatch):
    folder = lms.make_folder(tmp_path / "d", {"zoe/x.ipynb": one, "ada/x.ipynb": one})
    listed = os.scandir

    def scandir(path):
        if str(path).endswith("ada"):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(download.os, "scandir", scandir)
    found = gather([folder], keys)
    assert list(found.hand_ins) == [("zoe", tiny.FIRST)]
    assert str(found.refusals[0]) == (
        "ada: ada/ cannot be listed (Permission denied); make it readable for the grader's account."
    )


def test_every_file_is_in_the_report_once(tmp_path, keys, one):
    files = {"ada/x.ipynb": one, "ada/b.docx": b"", "bo/readme.txt": b"", "stray.txt": b"", "cy/broken.ipynb": b"{"}
    found = gather([lms.make_zip(tmp_path / "d.zip", files)], keys)
    assert sorted(line.path for line in found.lines) == sorted(files)
    assert {line.path for line in found.lines if line.status == "refused"} == {"bo/readme.txt", "cy/broken.ipynb"}
    assert sum(line.status == "refused" for line in found.lines) == len(found.refusals) + len(found.problems)
    assert [(one.student, one.fault) for one in found.refusals] == [
        ("cy", "is not valid JSON at line 1, so it is damaged or not a notebook"),
        ("bo", "is no notebook"),
    ]


@pytest.mark.parametrize("apart", [True, False])
def test_what_is_no_notebook_is_passed_over_only_beside_a_notebook_of_its_lab(apart, tmp_path, keys, one):
    """ada's other lab came as a page and a script, bo's text on Moodle beside a damaged notebook on Canvas."""
    canvas = {
        f"ada_1_10_{tiny.FIRST}.ipynb": one,
        f"ada_1_11_{tiny.FIRST}_data.csv": b"",
        "ada_1_12_data.csv": b"",
        "bo_2_20_x.ipynb": b"{",
    }
    lab = "lab" if apart else tiny.SECOND  # a download of its own need not name it
    other = {f"ada_1_13_{lab}.html": b"", f"ada_1_14_{lab}.py": b""}
    text = {"bo_2_assignsubmission_onlinetext/onlinetext.html": b""}
    files = [canvas, other, text] if apart else [canvas | other, text]
    downloads = [lms.make_zip(tmp_path / f"{number}.zip", each) for number, each in enumerate(files)]
    found = gather(downloads, keys)
    assert [line.path for line in found.lines if line.status == "nothing"] == [*canvas][1:3]
    assert sorted((one.file, one.fault) for one in found.refusals if one.file not in canvas) == [
        (path, "is no notebook") for path in (*other, *text)
    ]


def test_what_lies_beside_a_hand_in_is_its_students(tmp_path, keys, one):
    folder = f"cy/{tiny.FIRST}"
    inner = lms.make_zip(tmp_path / "inner.zip", {"x.ipynb": one, ".DS_Store": b""}).read_bytes()
    files = {f"{folder}/x.ipynb": one, f"{folder}/timestamp.txt": b"2026-03-01", f"{folder}/late_mark.txt": b""}
    files |= {"cy/collected.csv": b"", f"{folder}.zip": inner, "collected.csv": b""}
    found = gather([lms.make_zip(tmp_path / "d.zip", files)], keys)
    aside = {line.path: (line.student, line.lab) for line in found.lines if line.status == "nothing"}
    assert aside == {
        "collected.csv": ("", ""),
        "cy/collected.csv": ("cy", ""),
        f"{folder}/late_mark.txt": ("cy", tiny.FIRST),
        f"{folder}/timestamp.txt": ("cy", tiny.FIRST),
        f"{folder}.zip": ("cy", tiny.FIRST),
        f"{folder}.zip/.DS_Store": ("cy", tiny.FIRST),
    }
