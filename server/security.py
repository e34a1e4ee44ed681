"""What binds the browser to the pages' needs (https://infosec.mozilla.org/guidelines/web_security), and keeps the
pages of other sites from having it send requests in its user's name (https://words.filippo.io/csrf/)."""

from flask import Flask, Request, Response, request

from server.problems import CrossSite

POLICY = {
    "default-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",  # the network runs as WebAssembly
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
SWITCHED_OFF = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
)

HEADERS = {
    "Content-Security-Policy": "; ".join(f"{directive} {sources}" for directive, sources in POLICY.items()),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in SWITCHED_OFF),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
TRANSPORT = "max-age=31536000"
"""A year of nothing but TLS, once a browser has come by TLS."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def register(app: Flask) -> None:
    """Send the headers with every response, and refuse what pages of other sites make browsers send."""

    @app.before_request
    def refuse_cross_site() -> None:
        if request.method not in SAFE_METHODS and is_cross_site(request):
            raise CrossSite

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.update(HEADERS)
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = TRANSPORT
        return response


def is_cross_site(request: Request) -> bool:
    """Whether a browser sends this on behalf of another site's page.

    Browsers say so in Sec-Fetch-Site, but only over TLS or to the same machine; elsewhere Origin tells. What sends
    neither is no browser, and acts in nobody's name.
    """
    if site := request.headers.get("Sec-Fetch-Site"):
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    # Hosts and not schemes: a proxy may speak TLS with the browser and plain HTTP with the server.
    return origin is not None and origin.partition("://")[2] != request.host
