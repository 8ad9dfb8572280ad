"""The HTML report, as a reader has it in a browser.

`make docs` runs it, where there is a Chromium.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, sync_playwright

import tfckpt

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs a Chromium")

EVIL = "<script>document.title = 'run'</script>"
MANY = 50_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def report(folder: Path) -> str:
    tensors = {
        "encoder/layer_0/kernel": np.linspace(-1, 1, 4096, dtype="f4").reshape(64, 64),
        "encoder/layer_0/bias": np.zeros(64, "f4"),
        "encoder/layer_1/kernel": np.full((8, 8), np.nan, "f4"),
        "decoder/kernel": np.eye(32, dtype="f4"),
        EVIL: np.ones(3),
        "</script><b>bold": np.ones(2),
        "step": np.int64(7),
    }
    a = tfckpt.save(folder / "a", tensors)
    b = tfckpt.save(folder / "b", {**tensors, "step": np.int64(8)})
    tfckpt.write_report(a, folder / "a.html", compare_to=b)
    return (folder / "a.html").as_uri()


@pytest.fixture(scope="module")
def big(folder: Path) -> str:
    tensors = {f"layer_{n // 10}/v{n % 10}": np.float32(n) for n in range(MANY)}
    tfckpt.write_report(tfckpt.save(folder / "big", tensors), folder / "big.html")
    return (folder / "big.html").as_uri()


@pytest.fixture(scope="module")
def many(folder: Path) -> str:
    """Many differences, and numbers that take room."""
    small = {"small": np.array([-7.0777e-7, 0, 7.0781e-7, 4.7e-10, 1e-11])}
    a = tfckpt.save(folder / "m1", {**{f"w{n}": np.float32(n) for n in range(30)}, **small})
    b = tfckpt.save(folder / "m2", {**{f"w{n}": np.float32(n + 1) for n in range(30)}, **small})
    tfckpt.write_report(a, folder / "many.html", compare_to=b)
    return (folder / "many.html").as_uri()


@pytest.fixture(scope="module", params=[(1280, "light"), (420, "dark")], ids=["wide", "narrow"])
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    width, scheme = request.param
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        browser.close()


@pytest.fixture(autouse=True)
def complaints(page: Page) -> Iterator[list[str]]:
    """What the browser complains of, and what is fetched: nothing but the file."""
    found: list[str] = []

    def on_request(request: object) -> None:
        if not request.url.startswith("file:"):
            found.append(request.url)

    def on_console(message: object) -> None:
        if message.type == "error":
            found.append(message.text)

    page.on("request", on_request)
    page.on("console", on_console)
    page.on("pageerror", lambda error: found.append(str(error)))
    yield found
    page.remove_listener("request", on_request)
    page.remove_listener("console", on_console)
    assert found == []


def names(page: Page) -> list[str]:
    return page.locator("#body .row > span:first-child").all_text_contents()


def test_it_opens_and_shows_what_there_is(page: Page, report: str) -> None:
    page.goto(report)
    assert "7 tensors" in page.locator(".lead").inner_text()
    assert page.locator("#count").inner_text() == "7 of 7"
    assert len(names(page)) == 7
    assert "sound" in page.locator(".sound").inner_text()
    assert (
        "step: 1 of 1 differ" in page.locator("section[aria-labelledby=differences]").inner_text()
    )
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wider) <= 0


def test_names_are_shown_as_they_are_and_do_nothing(page: Page, report: str) -> None:
    page.goto(report)
    assert EVIL in names(page)
    assert "</script><b>bold" in names(page)
    assert page.title().endswith("/a")
    assert page.locator("b").count() == 0


def test_headings_sort(page: Page, report: str) -> None:
    page.goto(report)
    page.get_by_role("button", name="size", exact=True).click()
    assert names(page)[0] == "encoder/layer_0/kernel"
    assert page.locator("[aria-sort=descending]").inner_text().startswith("size")
    page.get_by_role("button", name="size ▼").click()
    assert names(page)[-1] == "encoder/layer_0/kernel"
    page.get_by_role("button", name="remarks").click()
    assert names(page)[0] in (
        "encoder/layer_1/kernel",
        EVIL,
        "encoder/layer_0/bias",
        "</script><b>bold",
    )


def test_names_are_filtered(page: Page, report: str) -> None:
    page.goto(report)
    page.fill("#filter", "KERNEL")
    assert page.locator("#count").inner_text() == "3 of 7"
    page.fill("#filter", "encoder/*kernel")
    assert names(page) == ["encoder/layer_0/kernel", "encoder/layer_1/kernel"]
    page.fill("#filter", "(")
    assert names(page) == []


def test_a_scope_of_the_map_shows_its_tensors(page: Page, report: str) -> None:
    page.goto(report)
    button = page.get_by_role("button", name="encoder, 16.9 kB")
    button.click()
    assert page.locator("#count").inner_text() == "3 of 7"
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    assert page.locator("#count").inner_text() == "7 of 7"


def test_a_tensor_is_chosen_by_key_and_shown(page: Page, report: str) -> None:
    page.goto(report)
    page.fill("#filter", "layer_0/kernel")
    page.locator("#table").focus()
    page.keyboard.press("ArrowDown")
    assert page.locator("#body .row[aria-selected=true]").count() == 1
    assert page.locator("#detail h3").inner_text() == "encoder/layer_0/kernel"
    assert page.locator("#detail svg rect").count() == 32
    canvas = page.locator("#detail canvas")
    assert canvas.get_attribute("width") == "64"
    corner = "c => [...c.getContext('2d').getImageData({}, {}, 1, 1).data].join()"
    assert canvas.evaluate(corner.format(0, 0)) == "0,0,255,255"  # -1: blue
    assert canvas.evaluate(corner.format(63, 63)) == "255,0,0,255"  # 1: red


def test_fifty_thousand_tensors_draw_only_the_visible_ones(page: Page, big: str) -> None:
    page.goto(big)
    assert page.locator("#count").inner_text() == "50,000 of 50,000"
    assert page.locator("#body .row").count() < 100
    page.locator("#table").focus()
    page.keyboard.press("End")
    page.wait_for_selector("#body .row >> text=layer_999/v9")  # the last in the order of bytes
    assert page.locator("#detail h3").inner_text() == "layer_999/v9"
    page.fill("#filter", "layer_4999/v9")
    assert names(page) == ["layer_4999/v9"]


def test_all_columns_are_there_to_be_seen(page: Page, report: str) -> None:
    page.goto(report)
    hidden = "table => table.scrollWidth - table.clientWidth"
    is_wide = page.viewport_size is not None and page.viewport_size["width"] > 1000
    assert (page.locator("#table").evaluate(hidden) <= 0) == is_wide  # elsewhere it scrolls


def test_numbers_are_never_cut(page: Page, many: str) -> None:
    page.goto(many)
    page.fill("#filter", "small")
    cells = page.locator("#body .row .number")
    assert cells.all_inner_texts()[1:] == ["-7.078e-7", "1.04e-10", "7.078e-7", "4.476e-7"]
    for number in range(cells.count()):
        assert cells.nth(number).evaluate("cell => cell.scrollWidth - cell.clientWidth") <= 0


def test_many_differences_open_when_they_are_asked_for(page: Page, many: str) -> None:
    page.goto(many)
    differences = page.locator("section[aria-labelledby=differences]")
    first = differences.get_by_text("w0: 1 of 1 differ")
    assert not first.is_visible()
    differences.locator("summary").click()
    assert first.is_visible()


def test_it_prints(page: Page, report: str) -> None:
    page.goto(report)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#body .row").count() == 7
    assert not page.locator("#filter").is_visible()
    page.emulate_media(media="screen")


def test_of_long_names_the_end_shows(page: Page, folder: Path) -> None:
    """Those of one layer differ there; a slot variable is said to be one."""
    prefix = "a_rather_long_name/of_a_scope/that_goes/on_and_on/for_quite_some_time/" * 2
    slot = "/.OPTIMIZER_SLOT/optimizer/m/.ATTRIBUTES/VARIABLE_VALUE"
    tensors = {f"{prefix}kernel{slot}": np.ones(2), f"{prefix}bias": np.ones(2)}
    tfckpt.write_report(tfckpt.save(folder / "long", tensors), folder / "long.html")
    page.goto((folder / "long.html").as_uri())
    assert names(page) == [f"{prefix}bias", f"{prefix}kernel (optimizer/m)"]
    cells = page.locator("#body .row > span:first-child")
    for number, end in enumerate(("/bias", "/kernel (optimizer/m)")):
        last = cells.nth(number).locator("span span:last-child")
        assert last.inner_text() == end
        assert last.evaluate("it => it.scrollWidth <= it.clientWidth")
    assert page.locator("#table").evaluate("it => it.clientHeight") < 120  # two rows and a head
