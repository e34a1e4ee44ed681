"""The language of a request: the choice remembered in a cookie, else what the browser prefers."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, Response, has_request_context, redirect, request, url_for
from flask_babel import Babel, force_locale, format_percent, get_locale
from werkzeug.wrappers import Response as BaseResponse

T = TypeVar("T")

LANGUAGES = ("en", "ru")
"""The first one is the language of the sources and the default."""

COOKIE = "lang"
A_YEAR = 365 * 24 * 3600
TRANSLATIONS = Path(__file__).parent / "translations"


def register(app: Flask) -> None:
    """Translate texts, tell templates the language as `lang`, and keep the choice that `?lang=` makes."""
    compile_catalogs()
    Babel(app, locale_selector=language, default_translation_directories=str(TRANSLATIONS))
    app.context_processor(
        lambda: {"lang": language(), "language_url": language_url, "precise_percent": precise_percent}
    )

    @app.before_request
    def choose() -> BaseResponse | None:
        chosen = request.args.get("lang")
        if chosen is None or request.blueprint != "pages":
            return None
        response = redirect(_url_without_choice())
        if chosen in LANGUAGES:
            response.set_cookie(COOKIE, chosen, max_age=A_YEAR, secure=request.is_secure, samesite="Lax")
        return response

    @app.after_request
    def tell(response: Response) -> Response:
        if response.mimetype in ("text/html", "application/problem+json"):
            response.headers["Content-Language"] = language()
            response.vary.update(("Accept-Language", "Cookie"))
        return response


def language() -> str:
    """The code of the current request's language; outside a request, the default."""
    if not has_request_context():
        return LANGUAGES[0]
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return chosen
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def precise_percent(share: float) -> str:
    """0.984 as "98.4%", in the form that static/js/strings.js gives it too."""
    pattern = get_locale().percent_formats[None].pattern
    return str(format_percent(share, pattern.replace("#,##0", "0.0")))


def in_each_language(say: Callable[[], T]) -> dict[str, T]:
    """What `say` gives in every language, by its code."""
    said = {}
    for code in LANGUAGES:
        with force_locale(code):
            said[code] = say()
    return said


def language_url(code: str) -> str:
    """The address of the current page that chooses a language; that of the first page where there is none."""
    url = _url_without_choice()
    return f"{url}{'&' if '?' in url else '?'}lang={code}"


def _url_without_choice() -> str:
    # Built from the route and never from the raw path, which could lead to a foreign host ("//host/").
    page = request.endpoint if request.blueprint == "pages" and request.endpoint else "pages.draw"
    url = url_for(page)
    query = urlencode([(name, value) for name, value in request.args.items(multi=True) if name != "lang"])
    return f"{url}?{query}" if query else url


def compile_catalogs() -> None:
    """Bring each catalog's compiled form up to date, so that no set-up step can be forgotten.

    Where nothing can be written, the server starts all the same, with the texts that are there.
    """
    for source in TRANSLATIONS.glob("*/LC_MESSAGES/*.po"):
        compiled = source.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
            continue
        try:
            _compile(source, compiled)
        except OSError as error:
            logging.getLogger(__name__).warning(
                "%s cannot be written (%s), so some texts stay in English. Make room or give the right to write "
                "there, and start again; where it must stay read-only, run `make build` before.",
                compiled.relative_to(TRANSLATIONS),
                error.strerror,
            )


def _compile(source: Path, compiled: Path) -> None:
    # Written aside and renamed, because two servers may start at once.
    aside = source.with_name(f"{source.stem}-{os.getpid()}.mo")
    try:
        with source.open("rb") as po, aside.open("wb") as mo:
            write_mo(mo, read_po(po, locale=source.parts[-3]))
        aside.replace(compiled)
    finally:
        aside.unlink(missing_ok=True)
