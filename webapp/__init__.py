"""Emoscope's site: a thin Flask layer over webapp.vision. `create_app()` makes it."""


def create_app(settings=None, reader=None):
    """The Flask application, as webapp.site.create_app; imported when called, so that webapp.vision needs no Flask."""
    from .site import create_app as create
    return create(settings, reader)
