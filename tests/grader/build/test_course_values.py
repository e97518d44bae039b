"""What course.toml says of points reaches cells, texts and README; what disagrees is refused."""

from __future__ import annotations

import copy
from fractions import Fraction
from pathlib import Path

import percent_source
import pytest
from nbformat import NotebookNode

from grader.build.build import build_lab, find_labs, update_readme
from grader.build.course_values import set_points, shares, with_numbers
from grader.build.source import parse, read_source
from grader.build.source_format import SourceError, grader_metadata
from grader.course import COUNTS, Course, LabTerms
from lora_utils.checks.framework.grade import CheckResult, Grade

ROOT = Path(__file__).parents[3]
TEXT = "{{ points }} in all, {{ points of double }} here; {{ pass_mark }} passes ({{ pass_points }}); {{ attempts }}."


@pytest.fixture
def lab(tmp_path):
    """A lab with one graded exercise whose checks are worth 3 and 1 of 4 points."""
    import tiny_course as tiny

    root = tiny.make_course(tmp_path)
    source = root / "solutions" / tiny.FIRST / f"{tiny.FIRST}.py"
    source.write_text(source.read_text().replace("# # Doubling", f"# # Doubling\n# {TEXT}"))
    return next(lab for lab in find_labs(root) if lab.name == tiny.FIRST)


def test_points_keep_their_proportions_and_texts_say_them(lab):
    course = Course(lab.root, pass_mark=0.6, attempts="latest", terms={lab.name: LabTerms(points={"double": 6})})
    notebook = read_source(lab.source, lab.name, course)
    cells = {grader_metadata(cell).get("grade_id"): cell for cell in notebook.cells}
    graded = cells["test-double"]
    assert grader_metadata(graded)["points"] == 6
    assert "grade = check_double(double, points=4.5, of=6)" in graded.source
    assert "grade.hidden(of_zero, points=1.5)" in graded.source
    assert "points=3, of=4" in cells["test-half"].source
    assert notebook.cells[0].source.endswith(
        "10 in all, 6 points here; 60 % passes (6); every attempt is kept and the latest one counts."
    )


def test_without_a_word_the_sources_own_numbers_hold(lab):
    notebook = read_source(lab.source, lab.name)
    assert "8 in all, 4 points here; 80 % passes (6.4); every attempt is kept and the best" in notebook.cells[0].source
    (graded,) = (cell for cell in notebook.cells if grader_metadata(cell).get("grade_id") == "test-double")
    assert "points=3, of=4" in graded.source


@pytest.mark.parametrize("lab", find_labs(ROOT), ids=lambda lab: lab.name)
def test_whatever_an_exercise_is_worth_its_checks_add_up_to_it(lab):
    graded = [cell for cell in parse(lab.source, lab.name).cells if grader_metadata(cell).get("grade")]
    assert graded
    for cell in graded:
        before, name = grader_metadata(cell)["points"], grader_metadata(cell)["grade_id"].removeprefix("test-")
        for points in (*range(1, 31), 0.1, 0.01, 2.55, 7 / 3):
            now = copy.deepcopy(cell)
            set_points(NotebookNode(cells=[now]), {name: points})
            worth = grader_metadata(now)["points"]
            checks = []
            for old, new in zip(shares(cell.source), shares(now.source), strict=True):
                exact = Fraction(old.value.value) * Fraction(points) / before
                assert new.value.value == pytest.approx(float(exact), abs=1.1e-6)
                if new.arg == "of":
                    assert new.value.value == worth
                else:
                    checks.append(CheckResult("id", "", "pass", max_points=new.value.value))
            assert Grade(name, checks, of=worth) == worth == pytest.approx(points, abs=1e-6), (name, points)


@pytest.mark.parametrize("lab", [lab for lab in find_labs(ROOT) if "00" in lab.name or "10" in lab.name], ids=str)
def test_a_text_promises_of_attempts_what_the_course_decides(lab):
    for policy, said in COUNTS.items():
        cells = read_source(lab.source, lab.name, Course(ROOT, attempts=policy)).cells
        text = " ".join("\n".join(cell.source for cell in cells if cell.cell_type == "markdown").split())
        assert said in text
        for promise in ("highest so far", "cannot lower", "as many as you like", *set(COUNTS.values()) - {said}):
            assert promise not in text


@pytest.mark.parametrize("place", ["{{ pionts }}", "{{ points of nobody }}", "{{ pass_mark of double }}"])
def test_a_place_that_means_nothing_is_named(lab, place):
    lab.source.write_text(lab.source.read_text().replace("{{ points }}", place))
    with pytest.raises(SourceError, match=r"cell 1 .*means nothing; write one of"):
        read_source(lab.source, lab.name)


@pytest.mark.parametrize("said", ["four exercises", "3 exercises", "One exercise", "twenty-two exercises"])
def test_a_wrong_number_of_exercises_is_refused_in_the_first_cell(lab, said):
    text = lab.source.read_text()
    lab.source.write_text(text.replace("{{ points }}", said, 1))
    with pytest.raises(SourceError, match=r"cell 1 .*says .* exercises?, and the lab has 2; write {{ exercises }} for"):
        read_source(lab.source, lab.name)
    for right in ("two exercises", "2 exercises", "{{ exercises }} exercises"):
        lab.source.write_text(text.replace("{{ points }}", right, 1))
        assert ("two exercises" in read_source(lab.source, lab.name).cells[0].source) == (right[0] != "2")


def test_points_of_no_exercise_are_refused(lab):
    (lab.root / "course.toml").write_text("[lab.01]\npoints = { doubel = 3 }\n")
    assert build_lab(lab, execute=False).problems == [
        "solutions/01_double/01_double.py: course.toml gives points to 'doubel', and its exercises are double, half; "
        "mend that name."
    ]
    (lab.root / "course.toml").write_text("pass_mark = 8\n")
    assert build_lab(lab, execute=False).problems[0].startswith("course.toml: pass_mark must be")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("points=3, of=4", "points=3, of=5", "its points are 4 for nbgrader and 5 for the check"),
        ("points=3, of=4", "points=2, of=4", "its checks are worth 3 points together, and it is of 4"),
        ("(of_zero, points=1)", "(of_zero, points=2)", "its checks are worth 5 points together, and it is of 4"),
    ],
)
def test_points_that_disagree_are_refused(lab, old, new, said):
    lab.source.write_text(lab.source.read_text().replace(old, new, 1))
    with pytest.raises(SourceError, match=said):
        read_source(lab.source, lab.name)


def test_the_readme_follows(tmp_path):
    text = "| [01_double](x) | what | 5 min | 4 |\n| [02_sign](y) | what | 5 min | 7 |\n\n"
    text += "80 % passes a lab or the quiz. X.\n"
    course = Course(tmp_path, pass_mark=0.5, attempts="first")
    new = "| [01_double](x) | what | 5 min | 6.5 |\n| [02_sign](y) | what | 5 min | 7 |\n\n"
    new += "50 % passes a lab or the quiz. The first attempt counts and later ones are only kept.\n"
    assert with_numbers(text, {"01_double": 6.5}, course) == new
    assert update_readme(tmp_path, {}, course) == ""  # there is none
    (tmp_path / "README.md").write_text(text)
    assert "run `grader build`" in update_readme(tmp_path, {"01_double": 6.5}, course, check=True)
    assert (tmp_path / "README.md").read_text() == text
    assert update_readme(tmp_path, {"01_double": 6.5}, course) == "wrote README.md"
    assert (tmp_path / "README.md").read_text() == new


def test_good_sources_of_the_tests_have_no_places():
    assert "{{" not in percent_source.good_lab()
