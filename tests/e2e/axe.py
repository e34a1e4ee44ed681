"""What axe-core finds on a page."""

from typing import Literal

from playwright.sync_api import Page

from server.settings import ROOT

AXE = ROOT / "node_modules/axe-core/axe.min.js"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def violations(page: Page) -> list[str]:
    """Rules that the page breaks as it stands, in light and in dark, each with its elements."""
    page.evaluate(AXE.read_text())
    broken = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate("axe.run().then(({ violations }) => violations)")
        broken += [f"{scheme}: {rule['id']}: {[node['html'] for node in rule['nodes']]}" for rule in found]
    return broken
