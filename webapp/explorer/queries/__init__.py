"""Queries over a data-set bundle, without Flask and settings.

`find` the bundles, `parse` a URL's parameters into a View, and call the methods of DataSet with it.
"""

from duckdb import OutOfMemoryException as OutOfMemoryError

from .bundle import MAX_SHEET_IMAGES, DataSetError, ImageStore
from .dataset import DataSet, find
from .filters import MAX_SEED, FilterError, View, not_one_of, parse
from .statistics import paired_difference

__all__ = ["MAX_SEED", "MAX_SHEET_IMAGES", "DataSet", "DataSetError", "FilterError", "ImageStore", "OutOfMemoryError",
           "View", "find", "not_one_of", "paired_difference", "parse"]
