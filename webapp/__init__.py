"""Emoscope's web site: a thin Flask layer over webapp.vision."""


def create_app(settings=None, reader=None):
    """Create the Flask application; see webapp.factory.create_app."""
    from .factory import create_app as create  # imported here because webapp.vision must not require Flask
    return create(settings, reader)
