"""course.toml: read as written, or refused in one sentence that names the key."""

from __future__ import annotations

from datetime import datetime

import pytest

from grader.course import Course, CourseError, LabTerms, Late

WHEEL = "peft_by_hand-0.9-py3-none-any.whl"
LABS = ("00_welcome", "01_first", "02_second", "10_quiz")


@pytest.fixture
def course(tmp_path):
    for lab in LABS:
        (tmp_path / "solutions" / lab).mkdir(parents=True)
        (tmp_path / "solutions" / lab / f"{lab}.py").write_text("")

    def write(text: str) -> Course:
        (tmp_path / "course.toml").write_text(text)
        return Course.of(tmp_path)

    return write


def test_without_the_file_all_labs_and_the_defaults_hold(course, tmp_path):
    assert Course.of(tmp_path) == Course(tmp_path, labs=LABS, terms=dict.fromkeys(LABS, LabTerms()))
    assert course("") == Course.of(tmp_path)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", ""),
        ('repository = "https://gitlab.com/ada/kit"', ""),
        ('repository = "https://github.com/ada/kit"', f"https://github.com/ada/kit/raw/main/{WHEEL}"),
        ('repository = "https://github.com/ada/kit.git/"', f"https://github.com/ada/kit/raw/main/{WHEEL}"),
        (f'repository = "https://github.com/ada/kit"\nwheel = "https://example.org/{WHEEL}"',
         f"https://example.org/{WHEEL}"),
    ],
)  # fmt: skip
def test_the_wheel_comes_from_the_repository_unless_its_address_is_given(course, tmp_path, text, address):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "peft-by-hand"\nversion = "0.9"\n')
    assert course(text).wheel == address


def test_a_course_without_a_package_has_no_wheel(course):
    assert course('repository = "https://github.com/ada/kit"').wheel == ""


def test_everything_that_it_may_say(course, tmp_path):
    read = course("""
        title = "PEFT in Zürich"
        repository = "https://example.org/peft"
        hub = "https://hub.example.org/hub/"
        labs = "00-01, 10_quiz"
        pass_mark = 0.6
        attempts = "latest"
        time_zone = "Europe/Zurich"
        roster = "roster.csv"
        [late]
        per_day = 0.1
        at_most = 0.5
        grace_minutes = 15
        [lab.01]
        due = 2026-03-31
        weight = 2
        points = { lora-layer = 8 }
        [lab.10_quiz]
        due = "2026-07-01 12:00"
        extra_credit = true
        column = "Quiz (4711)"
    """)
    assert read.labs == ("00_welcome", "01_first", "10_quiz")
    assert (read.title, read.pass_mark, read.attempts, read.roster) == (
        "PEFT in Zürich", 0.6, "latest", tmp_path / "roster.csv",
    )  # fmt: skip
    assert read.late == Late(0.1, 0.5, 15)
    assert read.hub == "https://hub.example.org"  # links put /hub behind it
    # summer time: two hours before UTC
    assert read.terms["01_first"] == LabTerms(datetime(2026, 3, 31, 21, 59, 59), 2.0, False, {"lora-layer": 8.0})
    assert read.terms["10_quiz"] == LabTerms(datetime(2026, 7, 1, 10), 1.0, True, {}, "Quiz (4711)")
    assert set(read.due()) == {"01_first", "10_quiz"}


def test_a_date_of_toml_is_one(course):
    assert course("[lab.01]\ndue = 2026-03-31T18:00:00+02:00").terms["01_first"].due == datetime(2026, 3, 31, 16)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pass_mark = 80", "pass_mark must be a number above 0 and at most 1, not '80'"),
        ("pass_mark = true", "pass_mark must be a number"),
        ("pasmark = 0.5", "'pasmark' is not known; did you mean 'pass_mark'?"),
        ("[lab.01]\ndeu = 2026-01-01", "'deu' in [lab.01] is not known; did you mean 'due'?"),
        ("[lab.03]\nweight = 1", "[lab.03]: there is no lab '03'; the labs are: 00_welcome, 01_first"),
        (
            "[lab.00-02]\nweight = 1",
            "[lab.00-02]: '00-02' means several labs; give one of 00_welcome, 01_first, 02_second.",
        ),
        ("[lab.1]\nweight = 1\n[lab.01_first]\nweight = 2", "[lab.01_first] is a second table of 01_first; put both"),
        ("[lab.01]\ndue = '07.03.2026'", "due in [lab.01]: '07.03.2026' can be read as 2026-03-07 and as 2026-07-03"),
        ("[lab.01]\nweight = -1", "weight in [lab.01] must be a number of at least 0, not '-1'"),
        ("[lab.01]\nextra_credit = 1", "extra_credit in [lab.01] must be true or false, not '1'"),
        ("[lab.01.points]\nlora = 0", "lora in [lab.01.points] must be a number above 0, not '0'"),
        ("labs = '00-02, 77'", "labs: there is no lab '77'; the labs are: 00_welcome"),
        ("labs = '00-99'", "labs: there is no lab '99' (in '00-99'); the labs are: 00_welcome"),
        ("labs = 5", "labs must be a text"),
        ("labs = ''", "labs must be a text such as \"00-05, 10\", not ''; for all labs, leave the line out"),
        ("labs = ' , '", 'labs must be a text such as "00-05, 10"'),
        ("attempts = 'worst'", 'attempts must be "best", "latest" or "first"'),
        ("time_zone = 'CEST'", "'CEST' is not a zone with one meaning"),
        ("late = 0.1", "late must be a table"),
        ("[late]\nper_day = 2", "per_day in [late] must be a number of at least 0 and at most 1"),
        ("a = = b", "is not TOML"),
        ("wheel = 'peft_by_hand.whl'", "wheel must be the address of a wheel, https://....whl, not 'peft_by_hand.whl'"),
        ("wheel = 'https://example.org/kit.zip'", "wheel must be the address of a wheel"),
        ("hub = 'hub.example.org'", "hub must be the address of a JupyterHub, https://..., not 'hub.example.org'"),
        ("hub = 'https://hub.example.org/?x=1'", "hub must be the address of a JupyterHub"),
    ],
)
def test_what_cannot_be_followed_is_named_in_one_sentence(course, text, said):
    with pytest.raises(CourseError) as caught:
        course(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_table_of_a_lab_by_its_plain_number(course):
    assert course("[lab.1]\nweight = 3").terms["01_first"].weight == 3
