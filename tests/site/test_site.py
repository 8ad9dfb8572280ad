"""The documentation site, as a reader has it in a browser.

`make docs` builds it and runs this, where there is a Chromium.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

SITE = Path(__file__).parents[2] / "site"
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs a Chromium")

PAGES = [str(page.parent.relative_to(SITE)) for page in sorted(SITE.rglob("index.html"))]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The site behind a server, at the path that its links expect."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=SITE)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=[(1280, "light"), (400, "dark")], ids=["wide", "narrow"])
def page(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Page]:
    """A page that complains of nothing and asks nobody but the site."""
    width, scheme = request.param
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    found: list[str] = []
    page.on(
        "request",
        lambda asked: (
            None if asked.url.startswith((address, "data:", "blob:")) else found.append(asked.url)
        ),
    )
    page.on("response", lambda got: found.append(got.url) if got.status >= 400 else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    yield page
    page.close()
    assert found == []


def test_there_is_a_site() -> None:
    assert {".", "recipes", "troubleshooting", "reference/checkpoints"} <= set(PAGES)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_opens_and_is_no_wider_than_the_window(page: Page, address: str, path: str) -> None:
    page.goto(f"{address}{path}/")
    assert page.locator("article h1").count() == 1
    beyond = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(beyond) <= 0


def test_the_palette_follows_the_reader(page: Page, address: str) -> None:
    page.goto(address)
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    scheme = page.locator("body").get_attribute("data-md-color-scheme")
    assert scheme == ("slate" if dark else "default")


@pytest.mark.parametrize(
    ("link", "heading"),
    [
        ("How to", "How to"),
        ("Error messages", "Error messages"),
        ("Damaged checkpoints", "Damaged checkpoints"),
        ("The command line", "The command line"),
        ("Checkpoints", "Checkpoints"),
    ],
)
def test_the_navigation_leads_there(page: Page, address: str, link: str, heading: str) -> None:
    page.goto(address)
    if page.viewport_size is not None and page.viewport_size["width"] < 1000:
        page.locator("label.md-header__button[for=__drawer]").click()
        page.wait_for_selector("[data-md-toggle=drawer]:checked", state="attached")
    where = page.locator("nav.md-nav--primary a.md-nav__link", has_text=link).first
    with page.expect_navigation():
        where.evaluate("a => a.click()")  # levels of the drawer slide; the link is what counts
    assert heading.lower() in page.locator("article h1").inner_text().lower()


@pytest.mark.parametrize(
    "words",
    ["install", "remote", "verify", "pytorch", "npz", "average", "salvage", "latest_checkpoint"],
)
def test_the_search_finds(page: Page, address: str, words: str) -> None:
    page.goto(address)
    page.wait_for_function("document.querySelector('[data-md-component=search-query]') !== null")
    if page.viewport_size is not None and page.viewport_size["width"] < 1000:
        page.locator("label.md-header__button[for=__search]").click()
    page.locator("[data-md-component=search-query]").click()
    page.keyboard.type(words)
    first = page.locator(".md-search-result__item").first
    # What was found for the first letters may stand there for a while.
    expect(first).to_contain_text(words, ignore_case=True, timeout=20_000)
