"""HTTP headers of every response: Content-Security-Policy, other security headers, caching."""

import re

from flask import Flask, request

_HASHED = re.compile(r"/static/dist/.+-[A-Z0-9]{8}\.[a-z0-9.]+")
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+")
IMMUTABLE = "public, max-age=31536000, immutable"


def init_app(app: Flask) -> None:
    app.after_request(_add_headers)


def _add_headers(response):
    headers = response.headers
    headers.setdefault("Content-Security-Policy", policy(request.host))
    headers.setdefault("Permissions-Policy", "camera=(self), microphone=(), geolocation=(), browsing-topics=()")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.endpoint == "static":
        immutable = response.status_code in (200, 206, 304) and _HASHED.fullmatch(request.path)
        headers["Cache-Control"] = IMMUTABLE if immutable else "no-cache"
    elif "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-cache"
    return response


def policy(host: str) -> str:
    """The Content-Security-Policy of a page served from `host`: own origin only, WebAssembly allowed.

    Safari before 15.4 does not include WebSockets to the own host in 'self', so they are listed.
    """
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return "; ".join(["default-src 'self'", "script-src 'self' 'wasm-unsafe-eval'", f"connect-src 'self'{sockets}",
                      "img-src 'self' blob: data:", "media-src 'self' blob:", "worker-src 'self' blob:",
                      "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"])


def device_policy(host: str, worker: bool = False) -> str:
    """The Content-Security-Policy of a page at `host` that reads on the device.

    The page can load scripts, styles and model files, and reach no URL to which it could send data. A worker may also
    start WebAssembly threads, whose script TF.js embeds as text.
    """
    valid = bool(_HOST.fullmatch(host))
    files = f"{host}/static/" if valid else "'self'"
    models = f"{host}/device/files/" if valid else "'self'"
    return "; ".join(["default-src 'none'", f"script-src {files} 'wasm-unsafe-eval'{' blob:' if worker else ''}",
                      f"style-src {files}",
                      f"connect-src {files} {models}", f"img-src {files} blob: data:", "media-src blob:",
                      f"worker-src {files} {host}/sw.js blob:" if valid else "worker-src 'self' blob:",
                      f"manifest-src {files}", "object-src 'none'", "base-uri 'none'", "form-action 'none'",
                      "frame-ancestors 'none'"])
