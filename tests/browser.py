"""The Chromium that the tests drive: the system's, else Playwright's. `python -m tests.browser` gets one."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

SYSTEM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """Path of a Chromium or Chrome on this machine, or None."""
    for name in SYSTEM:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def install() -> None:
    """Get a Chromium: Debian's own package where that is allowed, else the one that Playwright downloads.

    Raises:
        subprocess.CalledProcessError: the installer failed; its own words are on the terminal.
    """
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if root and sys.platform == "linux" and platform.freedesktop_os_release()["ID"] == "debian":
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (
            ["update"],
            ["install", "-y", "--no-install-recommends", "chromium", "fonts-liberation"],
        ):
            subprocess.run(["apt-get", "-qq", *arguments], check=True, env=environ)
    else:
        dependencies = ["--with-deps"] if root else []
        subprocess.run([sys.executable, "-m", "playwright", "install", *dependencies, "chromium"], check=True)


if __name__ == "__main__":
    if find() is None:
        install()
