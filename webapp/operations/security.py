"""Headers that every answer has: what a page may load and ask for, and how long a file may be kept."""

import re

from flask import request

_HASHED = re.compile(r"/static/dist/.+-[A-Z0-9]{8}\.[a-z0-9.]+")
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+")
FOR_EVER = "public, max-age=31536000, immutable"


def init_app(app):
    app.after_request(_headers)


def _headers(response):
    headers = response.headers
    headers.setdefault("Content-Security-Policy", policy(request.host))
    headers.setdefault("Permissions-Policy", "camera=(self), microphone=(), geolocation=(), browsing-topics=()")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.endpoint == "static":
        known = response.status_code in (200, 206, 304) and _HASHED.fullmatch(request.path)
        headers["Cache-Control"] = FOR_EVER if known else "no-cache"
    elif "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-cache"
    return response


def policy(host):
    """The Content-Security-Policy of a page at `host`: all from ourselves, WebAssembly allowed.

    Safari before 15.4 does not count a WebSocket to our own host as 'self', so it is named.
    """
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return "; ".join(["default-src 'self'", "script-src 'self' 'wasm-unsafe-eval'", f"connect-src 'self'{sockets}",
                      "img-src 'self' blob: data:", "media-src 'self' blob:", "worker-src 'self' blob:",
                      "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"])


def device_policy(host, worker=False):
    """The Content-Security-Policy of a page at `host` that reads on the device: it can ask for our files, and for
    nothing to which something could be sent. A worker may besides start WebAssembly's threads, which TF.js keeps
    as text in its script."""
    ours = host if _HOST.fullmatch(host) else "'self'"
    files = f"{ours}/static/" if ours == host else ours
    networks = f"{ours}/device/files/" if ours == host else ours
    return "; ".join(["default-src 'none'", f"script-src {files} 'wasm-unsafe-eval'{' blob:' if worker else ''}",
                      f"style-src {files}",
                      f"connect-src {files} {networks}", f"img-src {files} blob: data:", "media-src blob:",
                      f"worker-src {files} {ours}/sw.js blob:" if ours == host else "worker-src 'self' blob:",
                      f"manifest-src {files}", "object-src 'none'", "base-uri 'none'", "form-action 'none'",
                      "frame-ancestors 'none'"])
