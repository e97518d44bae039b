"""The pages of a class of sixty in a real browser: sorting and searching by keyboard, widths, contrast, no script."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from class_of_sixty import write_pages

from grader.build.build import find_labs

pytestmark = pytest.mark.browser
WIDTHS = {1280: 800, 390: 844}  # a laptop and a telephone
LABS = len(find_labs(Path(__file__).parents[2]))
KINDS = ["report", "index", "feedback", "feedback of markup", "refused"]
SCHEMES = ["light", "dark"]
TEXT_CONTRAST = 4.5  # WCAG 2.2, success criterion 1.4.3
# Every text that is seen, with its contrast against the nearest background behind it.
CONTRASTS = """() => {
    const channel = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const numbers = color => color.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
    const paper = one => {
        for (; one; one = one.parentElement) {
            const found = numbers(getComputedStyle(one).backgroundColor);
            if (found.length === 3 || found[3] === 1) return found;
            if (found[3] > 0) return [NaN];  // seen through: no one number
        }
        return [NaN];
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), made = [];
    while (walker.nextNode()) {
        const one = walker.currentNode.parentElement;
        const text = walker.currentNode.textContent.trim();
        if (!text || !one.checkVisibility() || one.closest("script, style, .unseen, .skip")) continue;
        const pair = [light(numbers(getComputedStyle(one).color)), light(paper(one))].sort((a, b) => b - a);
        made.push([(pair[0] + 0.05) / (pair[1] + 0.05), text.slice(0, 40)]);
    }
    return made;
}"""
# Whether the middle of an element, or of its first line, is what a reader sees there.
ON_TOP = """one => {
    const box = one.getClientRects()[0];
    const seen = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return seen !== null && one.contains(seen);
}"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Path]:
    out = write_pages(tmp_path_factory.mktemp("class"))
    staff = next(path for path in sorted(out.glob("feedback/s0*/*.html")) if "From staff" in path.read_text())
    refused = next(
        path for path in sorted(out.glob("feedback/s0*/*.html")) if "could not be graded" in path.read_text()
    )
    markup = out / "feedback" / "s-markup" / "00_welcome.html"
    index = out / "feedback" / "s001" / "index.html"
    return dict(zip(KINDS, [out / "report.html", index, staff, markup, refused], strict=True))


@pytest.fixture
def opened(chromium, pages):
    """A function that opens a page; whatever a browser complains about or asks for besides is in `page.seen`."""
    made = []

    def open_page(kind: str, width: int = 1280, scheme: str = "light", script: bool = True):
        page = chromium.new_page(
            viewport={"width": width, "height": WIDTHS[width]}, color_scheme=scheme, java_script_enabled=script
        )
        page.seen = []
        page.on("console", lambda message: page.seen.append(message.text))
        page.on("pageerror", lambda error: page.seen.append(str(error)))
        page.on("request", lambda request: page.seen.append(request.url))
        page.goto(pages[kind].as_uri())
        made.append(page)
        return page

    yield open_page
    for page in made:
        page.close()


def shown(page, column: int) -> list[str]:
    """What the rows that are shown have to sort by in a column, from the top."""
    return page.evaluate(
        "column => [...document.querySelector('.class tbody').rows].filter(row => !row.hidden)"
        ".map(row => row.cells[column].dataset.value)",
        column,
    )


def press(page, name: str) -> str | None:
    """Go to the button over a column with the Tab key, press Enter, and return how the column is sorted."""
    page.locator("input[type=search]").focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('th')?.dataset.name") == name:
            page.keyboard.press("Enter")
            return page.locator(f"th[data-name='{name}']").get_attribute("aria-sort")
    pytest.fail(f"no button over {name} within twenty steps")


def test_the_table_is_sorted_by_keyboard_with_nothing_last(opened):
    page = opened("report")
    before = shown(page, 4)
    numbers = sorted(float(value) for value in before if value)
    nothing = [""] * before.count("")
    assert nothing
    assert 0 < len(set(numbers)) < len(numbers)
    assert press(page, "01_baselines") == "ascending"
    assert shown(page, 4) == [*(str(number) for number in numbers), *nothing]
    assert press(page, "01_baselines") == "descending"
    assert shown(page, 4) == [*(str(number) for number in reversed(numbers)), *nothing]
    assert page.locator("#said").inner_text() == "Sorted by 01_baselines, descending."
    assert press(page, "total") == "ascending"
    assert page.locator("th[aria-sort]").count() == 1


def test_names_are_sorted_as_a_reader_would(opened):
    page = opened("report")
    press(page, "student")
    names = shown(page, 0)
    first = [next(place for place, name in enumerate(names) if name.startswith(one)) for one in ("O ", "Ömer", "Søren")]
    assert first == sorted(first)  # Ö beside O, not after Z
    assert len(names) == 60


@pytest.mark.parametrize(("typed", "found"), [("muller", 5), ("MÜLLER zoë", 1), ("s013", 1), ("nobody at all", 0)])
def test_students_are_found_without_accents_in_any_order_and_by_id(typed, found, opened):
    page = opened("report")
    page.locator("input[type=search]").focus()
    page.keyboard.type(typed)
    assert len(shown(page, 0)) == found
    assert page.locator("#said").inner_text() == f"{found} of 60 students shown."
    page.keyboard.press("Escape")
    assert len(shown(page, 0)) == 60


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_asks_for_nothing_and_runs_nothing_of_a_students(kind, opened, pages):
    page = opened(kind)
    title = page.title()
    for one in page.locator("summary").all():
        one.click()
    page.wait_for_timeout(300)
    assert page.seen == [pages[kind].as_uri()]
    assert page.title() == title != "ran"
    if kind == "feedback of markup":
        assert "document.title" in page.locator("body").inner_text()  # it is there to be read


def test_a_script_that_is_not_the_pages_own_does_not_run(opened, pages, tmp_path):
    for kind in KINDS:
        text = pages[kind].read_text()
        broken = tmp_path / "broken.html"
        broken.write_text(
            text.replace("</main>", "<script>document.title = 'ran'</script><p style='color: red'>x</main>")
        )
        page = opened(kind)
        page.goto(broken.as_uri())
        assert page.title() != "ran"
        assert len([one for one in page.seen if "Content Security Policy" in one]) == 2  # the script and the style


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", KINDS)
def test_no_page_scrolls_sideways(kind, width, opened):
    page = opened(kind, width)
    for one in page.locator("summary").all():
        one.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if kind == "report" and width == 1280:  # and all labs fit
        assert page.locator(".class thead th").count() == 3 + LABS
        assert page.evaluate("(one => one.scrollWidth - one.clientWidth)(document.querySelector('.grades'))") <= 0
        right = page.locator(".class thead th").last.bounding_box()
        assert right["x"] + right["width"] <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_names_and_head_stay_in_view(width, opened):
    page = opened("report", width)
    name, head = page.locator("tbody th").nth(20), page.locator(".class thead th").nth(6)
    page.evaluate("document.querySelector('.class').scrollIntoView()")
    name.scroll_into_view_if_needed()
    page.mouse.move(300, 400)
    page.mouse.wheel(0, 300)
    page.wait_for_timeout(300)
    page.evaluate("document.querySelector('.grades').scrollLeft = 250")
    seen = [one for one in page.locator("tbody th").all() if one.evaluate(ON_TOP)]
    assert len(seen) >= 4
    assert not any("s000" in one.text_content() for one in seen)  # the first is far above
    assert all(one.bounding_box()["x"] >= 0 for one in seen)
    assert head.evaluate(ON_TOP)
    assert page.locator(".class thead th").first.evaluate(ON_TOP)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_row_with_the_focus_is_not_under_the_head(width, opened):
    page = opened("report", width)
    links = page.locator("tbody th a")
    links.nth(30).focus()
    for _ in range(60):  # upwards, so that the page scrolls towards the head
        page.keyboard.press("Shift+Tab")
        assert page.evaluate(f"({ON_TOP})(document.activeElement)")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_text_stands_out(kind, scheme, opened):
    page = opened(kind, 1280, scheme)
    found = page.evaluate(CONTRASTS)
    assert len(found) > 8
    assert [one for one in found if not one[0] >= TEXT_CONTRAST] == []
    light = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert light == (scheme == "light")


def test_a_dark_page_is_printed_on_white(opened):
    page = opened("report", 1280, "dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator(".find").is_visible()
    assert page.locator(".grades").evaluate("one => getComputedStyle(one).overflow") == "visible"
    assert json.dumps(page.seen).count("http") == 0


def test_without_script_the_report_is_the_same_table(opened):
    page = opened("report", script=False)
    assert page.locator("tbody th").count() >= 60
    assert page.locator("button").count() == 0
    assert not page.locator("input").is_visible()
    assert len(re.findall(r"^of \d+\s*$", page.locator(".class thead").inner_text(), re.MULTILINE)) == LABS
