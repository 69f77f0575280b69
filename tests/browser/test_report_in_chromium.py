"""The report as a reader meets it: opened from disk, without a network."""

import re
from pathlib import Path

import pytest
from PIL import Image

from tests.browser.conftest import Browser

COLUMN = """const column = (table, n) =>
  [...document.querySelectorAll(`#${table} tbody tr:not([hidden])`)].map((row) => row.cells[n]);
"""


def test_it_loads_without_a_word_on_the_console(browser: Browser, page: Path) -> None:
    assert browser.console(page) == []


def test_a_broken_script_would_be_noticed(browser: Browser, page: Path) -> None:
    broken = page.with_name("broken.html")
    broken.write_text(page.read_text().replace('"use strict";', '"use strict"; missing();'))
    try:
        assert any("missing is not defined" in line for line in browser.console(broken))
    finally:
        broken.unlink()


def test_the_verdict_stands_first(browser: Browser, page: Path) -> None:
    found = browser.ask(
        page,
        """const heading = document.querySelector("h1"); const box = heading.getBoundingClientRect();
        return { text: heading.textContent, bottom: box.bottom };""",
    )
    assert found["text"] == "Red. 70 of 72 cells measured and ended ok."
    assert found["bottom"] < 400


def test_a_click_sorts_and_another_turns_it_round(browser: Browser, page: Path) -> None:
    found = browser.ask(
        page,
        COLUMN
        + """const head = document.querySelectorAll("#all-cells th")[11];
        const values = () => column("all-cells", 11).map((cell) => cell.dataset.v);
        head.click(); const rising = values(); head.click();
        return { rising, falling: values(), sort: head.getAttribute("aria-sort") };""",
    )
    rising = [float(value) for value in found["rising"] if value]
    assert len(rising) == 71
    assert rising == sorted(rising)
    assert [float(value) for value in found["falling"] if value] == rising[::-1]
    assert found["rising"][-1] == found["falling"][-1] == ""
    assert found["sort"] == "descending"


def test_the_keyboard_sorts_too(browser: Browser, page: Path) -> None:
    found = browser.ask(
        page,
        """const head = document.querySelector("#summary th");
        head.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
        return head.getAttribute("aria-sort");""",
    )
    assert found == "ascending"


def test_words_and_choices_filter(browser: Browser, page: Path) -> None:
    found = browser.ask(
        page,
        COLUMN
        + """const tools = document.querySelector('.tools[data-for="all-cells"]');
        const search = tools.querySelector("input"); const board = tools.querySelector('[name="board"]');
        search.value = "resnet50 pytorch"; search.dispatchEvent(new Event("input"));
        const byWords = column("all-cells", 0).length;
        board.value = "rpi5-01"; board.dispatchEvent(new Event("input"));
        return { byWords, both: column("all-cells", 1).map((cell) => cell.textContent),
                 count: tools.querySelector(".count").textContent, choices: [...board.options].map((o) => o.text) };""",
    )
    assert found["byWords"] == 12
    assert set(found["both"]) == {"rpi5-01"}
    assert found["count"] == "6 of 72 rows"
    assert found["choices"] == ["every board", "rpi4-01", "rpi5-01"]


def test_the_theme_can_be_switched(browser: Browser, page: Path) -> None:
    found = browser.ask(
        page,
        """const paper = () => getComputedStyle(document.body).backgroundColor;
        const before = paper(); document.getElementById("theme").click();
        const ink = getComputedStyle(document.querySelector("figure svg text")).fill;
        return { before, after: paper(), ink, theme: document.documentElement.dataset.theme };""",
    )
    assert found["before"] != found["after"]
    assert found["theme"] == "dark"
    assert found["ink"] == "rgb(232, 234, 237)"


def test_a_click_on_a_cell_shows_its_inferences(browser: Browser, page: Path) -> None:
    """The data of a board is loaded from a file beside the page, which a page from disk may do with scripts alone."""
    opened = page.with_name("opened.html")
    click = 'addEventListener("load", () => document.querySelector("a[data-cell]").click());'
    opened.write_text(page.read_text().replace("</body>", f"<script>{click}</script></body>"))
    try:
        result = browser.run("--dump-dom", "--window-size=1280,900", opened.as_uri())
        browser.screenshot(opened, "report-cell", 1280, 900)
    finally:
        opened.unlink()
    dialog = re.search(r'<dialog class="drill".*?</dialog>', result.stdout, re.DOTALL)
    assert dialog
    assert dialog.group().count("<polyline") == 2
    assert "inference number (1)" in dialog.group()
    assert "Cannot be shown" not in dialog.group()
    assert [line for line in result.stderr.splitlines() if "CONSOLE" in line] == []


def test_it_prints(browser: Browser, page: Path, tmp_path: Path) -> None:
    """Everything that scrolls on a screen is spread out on paper; what only a screen can do is left out."""
    target = tmp_path / "report.pdf"
    browser.run(f"--print-to-pdf={target}", "--no-pdf-header-footer", page.as_uri())
    assert target.read_bytes().startswith(b"%PDF-")
    shown = browser.ask(
        page,
        """const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
          .filter((rule) => rule.media && rule.media.mediaText === "print").flatMap((rule) => [...rule.cssRules]);
        return rules.map((rule) => rule.cssText);""",
    )
    assert any(".table" in rule and "overflow: visible" in rule for rule in shown)
    assert any(".tools" in rule and "display: none" in rule for rule in shown)


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_nothing_is_wider_than_the_window(browser: Browser, page: Path, width: int) -> None:
    found = browser.ask(
        page,
        "return { page: document.documentElement.scrollWidth, window: document.documentElement.clientWidth };",
        width,
    )
    assert found["page"] <= found["window"]


def test_links_inside_the_page_lead_somewhere(browser: Browser, page: Path) -> None:
    lost = browser.ask(
        page,
        """return [...document.querySelectorAll('a[href^="#"]')].map((link) => link.getAttribute("href"))
        .filter((href) => !document.querySelector(href));""",
    )
    assert lost == []


def test_labels_of_figures_do_not_collide(browser: Browser, page: Path) -> None:
    collisions = browser.ask(
        page,
        """const found = [];
        for (const svg of document.querySelectorAll("figure svg")) {
          const texts = [...svg.querySelectorAll("text")];
          const boxes = texts.map((text) => [text.textContent, text.getBoundingClientRect()]);
          boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
            const x = Math.min(p.right, q.right) - Math.max(p.left, q.left);
            const y = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
            if (x > 1.5 && y > 3) found.push(`${a} / ${b}`);
          }));
        }
        return found;""",
    )
    assert collisions == []


@pytest.mark.parametrize(
    ("name", "width", "height"), [("report-desktop", 1280, 2400), ("report-phone", 500, 2400)]
)
def test_pictures_are_kept(browser: Browser, page: Path, name: str, width: int, height: int) -> None:
    picture = Image.open(browser.screenshot(page, name, width, height))
    assert picture.size == (width, height)
    assert len(picture.convert("RGB").getcolors(maxcolors=1 << 24) or []) > 100
