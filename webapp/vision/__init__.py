"""Bytes to readings: pictures, faces, crops, expressions. A pure library, without Flask and settings."""
