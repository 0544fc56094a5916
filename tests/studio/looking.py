"""What a browser finds wrong with the page for those who cannot see, point or read small print."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from axe_playwright_python.sync_playwright import Axe

from benchmarks.walk import Walk

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

RULES = {
    "resultTypes": ["violations"],
    # Tabs that are scrolled out of sight are taken for skip links; the real one has its own test.
    "rules": {"skip-link": {"enabled": False}},
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
_AXE = Axe()

WATCH_SHIFTS = """
window.shifted = [];
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) {
    const what = one.sources.map((each) => each.node?.outerHTML?.slice(0, 120) ?? "gone");
    if (!one.hadRecentInput) window.shifted.push([one.value, what.join(" ")]);
  }
}).observe({ type: "layout-shift", buffered: true });
"""
"""What moves without being asked to, as the browser itself measures it."""

FOCUSED = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect();
  const style = getComputedStyle(one);
  const label = one.matches('input[type="file"]') ? one.closest("label") : one;
  return {
    name: one.outerHTML.slice(0, 160), end: one === document.body,
    seen: box.width > 0 && box.height > 0 && style.visibility === "visible",
    ringed: style.outlineStyle !== "none" || getComputedStyle(label).outlineStyle !== "none",
    place: [...document.querySelectorAll("*")].indexOf(one),
  };
}"""


def faults(page: Page, where: str) -> list[str]:
    """What axe-core finds: names, roles, contrasts, order of headings and more; and what is cut."""
    found: list[dict[str, Any]] = _AXE.run(page, options=RULES).response["violations"]
    told = [
        f"{where}: {each['id']} ({each['impact']}): {node['html'][:160]} {node['failureSummary']}"
        for each in found
        for node in each["nodes"]
    ]
    wide, there = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    return [*told, *([f"{where}: {wide} pixels in a window of {there}"] if wide > there else [])]


def shifts(page: Page) -> tuple[float, list[str]]:
    """How far things moved by themselves since the page was opened, in all, and which."""
    found = page.evaluate("window.shifted")
    return sum(value for value, _ in found), [f"{value:.4f} {what}" for value, what in found]


def walk_by_tab(page: Page, most: int = 120) -> tuple[list[int], list[str]]:
    """The places in the document that Tab leads to, and what cannot be seen to have the focus."""
    page.evaluate("document.activeElement.blur()")
    places, hidden = list[int](), list[str]()
    for _ in range(most):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        if at["end"] or (places and at["place"] == places[0]):
            return places, hidden
        places.append(at["place"])
        if not (at["seen"] and at["ringed"]):
            hidden.append(at["name"])
    raise AssertionError(f"Tab leads nowhere: {places}")


@dataclass
class Checked(Walk):
    """A walk that looks for faults wherever it keeps a picture."""

    faults: list[str] = field(default_factory=list)

    def shot(self, name: str, place: Locator | None = None) -> None:
        super().shot(name, place)
        self.faults += faults(self.page, name)
