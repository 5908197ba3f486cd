"""Emoscope's site: a thin Flask layer over webapp.vision. `create_app()` makes it."""


def create_app(settings=None, reader=None):
    """The Flask application, as webapp.factory.create_app; imported late: webapp.vision needs no Flask."""
    from .factory import create_app as create
    return create(settings, reader)
