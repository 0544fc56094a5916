"""Walks through the studio's page in a real browser, and keeps pictures of it.

`python -m benchmarks.walk` starts a studio with an empty history and makes the pictures of the
guide to the page. It needs playwright's Python package and a Chromium that is installed, at
/usr/bin/chromium or where $CHROMIUM says.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lookalike.world.look import looks_in
from lookalike.world.render import render

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

DOCS = Path(__file__).parent.parent / "docs"
IMAGES, GUIDE = DOCS / "images", DOCS / "guides" / "page.md"
DESK, PHONE = (1280, 900), (390, 844)
LONG = 300_000
"""Milliseconds that a job may take on a machine that does other things too."""

UNNAMED = """() => [
  ...[...document.querySelectorAll("img")].filter((one) => !one.hasAttribute("alt")),
  ...[...document.querySelectorAll("input, select, textarea")].filter(
    (one) => !one.labels.length && !one.ariaLabel),
  ...[...document.querySelectorAll("button, a")].filter(
    (one) => !one.textContent.trim() && !one.ariaLabel && !one.querySelector("img[alt]")),
].map((one) => one.outerHTML.slice(0, 200))"""


@dataclass
class Walk:
    """One walk; `shots` is the folder for pictures of the page, `told` what the browser said."""

    page: Page
    address: str
    shots: Path
    stem: str = "page"
    steps: int = 3
    told: list[str] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)

    def whole(self, picture: Path) -> None:
        """From an empty history to a saved character that is found again."""
        self.page.set_default_timeout(LONG)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda fault: self.told.append(str(fault)))
        self.described(picture)
        self.imagined()
        self.varied()
        self.changed()
        self.saved()
        self.found()

    def _said(self, message: object) -> None:
        kind, text = getattr(message, "type", ""), getattr(message, "text", "")
        if kind in ("error", "warning"):
            self.told.append(text)

    def shot(self, name: str, place: Locator | None = None) -> None:
        """Keep a picture of the window; what has no name for those who cannot see is noted."""
        if place is not None:
            place.scroll_into_view_if_needed()
        self.unnamed += self.page.evaluate(UNNAMED)
        self.page.screenshot(path=self.shots / f"{self.stem}-{name}.png", animations="disabled")

    def _open(self, name: str) -> None:
        self.page.goto(f"{self.address}/#{name}")
        self.page.locator(f'nav a[data-page="{name}"][aria-current]').wait_for()

    def described(self, picture: Path) -> None:
        """Drop a picture, and have it described."""
        self._open("describe")
        self.page.locator('main input[type="file"]').set_input_files(picture)
        self._main("Describe")
        self.page.get_by_role("button", name="Imagine this").nth(3).wait_for()
        self.shot("describe")

    def imagined(self) -> None:
        """Imagine the second prompt, after a slip that is marked under its word."""
        self.page.get_by_role("button", name="Imagine this").nth(1).click()
        line = self.page.locator(".prompt textarea")
        said = line.input_value()
        line.fill(f"{said} --srf 7")
        self.page.locator(".prompt mark", has_text="--srf").wait_for()
        self.shot("fault")
        line.fill(f"{said} --see")
        line.press("End")
        self.page.locator(".help li").first.wait_for()
        line.press("ArrowDown")
        line.press("Tab")
        line.press_sequentially(f"7 --steps {self.steps}")
        self.shot("prompt")
        line.press("Enter")
        self._result("U4")
        self.shot("imagine", self._newest())

    def varied(self) -> None:
        """V3, and U1 of what it makes."""
        self._newest().get_by_role("button", name="V3", exact=True).click()
        self.page.locator(".job", has=self.page.locator("strong", has_text="vary")).wait_for()
        self._result("U1")
        self._newest().get_by_role("button", name="U1", exact=True).click()
        self.page.get_by_role("dialog").wait_for()
        self.shot("picture")

    def changed(self) -> None:
        """Paint a part, and have it made anew."""
        self.page.get_by_role("button", name="Change a part").click()
        canvas = self.page.locator(".paint canvas")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        assert box is not None
        mouse = self.page.mouse
        mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.2)
        mouse.down()
        mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.2, steps=6)
        mouse.up()
        words = self.page.get_by_label(re.compile("What the part is to show"))
        words.fill("a person with hot pink mohawk hair, micah style")
        self.page.get_by_text("Seed, steps and more").locator("visible=true").click()
        self.page.get_by_label("Steps").locator("visible=true").fill(str(self.steps))
        self.shot("region", canvas)
        self._main("Make it")
        self._result("U2")
        self._newest().get_by_role("button", name="U2", exact=True).click()

    def saved(self) -> None:
        """Save what came of it under a name."""
        self.page.get_by_label("Save as @").fill("pink-hair")
        self.page.get_by_role("button", name="Save", exact=True).click()
        self.page.get_by_text("write @pink-hair").wait_for()
        self.page.get_by_role("button", name="Close").click()
        self._open("characters")
        self.page.get_by_text("@pink-hair", exact=True).wait_for()
        self.shot("characters")

    def found(self) -> None:
        """Find it in the history, and compare it with another."""
        self._open("history")
        self.page.get_by_label("Words").fill("pink mohawk")
        self.page.get_by_text(re.compile("^4 shown")).wait_for()
        self.shot("history")
        for place, press in ((0, "Keep in mind, to compare"), (1, "Compare with the one")):
            self.page.locator(".gallery .tile").nth(place).click()
            self.page.get_by_role("button", name=press).click()
            if place == 0:
                self.page.get_by_role("button", name="Close").click()
        self.page.locator(".compare img").nth(1).wait_for()
        self.shot("compare")

    def _main(self, name: str) -> None:
        self.page.locator("main").get_by_role("button", name=name, exact=True).click()

    def _newest(self) -> Locator:
        return self.page.locator(".job").first

    def _result(self, button: str) -> None:
        self._newest().get_by_role("button", name=button, exact=True).wait_for()


def chromium() -> str:
    """Where the browser is; says what is wanted where there is none."""
    path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no browser at {path}; $CHROMIUM names another")
    return path


@contextmanager
def browsing(size: tuple[int, int], *, dark: bool = False) -> Iterator[Page]:
    """A window of a browser without a screen."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        # Root, as in containers, may not use the sandbox; the page is our own.
        browser = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        width, height = size
        yield browser.new_page(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
        )
        browser.close()


@contextmanager
def studio(folder: Path) -> Iterator[str]:
    """A studio as people start it, in an empty folder; gives its address."""
    command = "import sys; from lookalike.cli.main import run; sys.exit(run(sys.argv[1:]))"
    arguments = ["studio", "--port", "0", "--data", str(folder / "data")]
    env = {**os.environ, "LOOKALIKE_LIBRARY": str(folder / "library"), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", command, *arguments], stdout=subprocess.PIPE, text=True, env=env
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


def drawn(path: Path) -> Path:
    """A picture of the drawn world, to drop."""
    picture = render(next(looks_in("micah", "test")), 128)
    picture.save(path)
    return path


def wanted() -> set[str]:
    """The pictures that the guide shows."""
    return set(re.findall(r"images/(page-[a-z-]+\.png)", GUIDE.read_text("utf-8")))


def main() -> None:
    """Make the pictures of the guide: wide and light, narrow and dark."""
    for size, stem, dark in ((DESK, "page", False), (PHONE, "page-phone", True)):
        with tempfile.TemporaryDirectory() as name, studio(Path(name)) as address:
            folder = Path(name)
            with browsing(size, dark=dark) as page:
                walk = Walk(page, address, folder, stem, steps=15)
                walk.whole(drawn(folder / "given.png"))
            for shown in sorted(wanted() & {one.name for one in folder.glob("page-*.png")}):
                (IMAGES / shown).write_bytes((folder / shown).read_bytes())
            print(f"{stem}: {walk.told or 'nothing was told'}")


if __name__ == "__main__":
    main()
