"""The data explorer's questions: a pure library over a data-set bundle. No Flask, no settings.

`find` the bundles, `parse` an address into a View, ask the DataSet.
"""

from .dataset import DataSet, find
from .filters import FilterError, View, parse
from .image_store import MOST_IN_A_SHEET
from .opening import DataSetError

__all__ = ["MOST_IN_A_SHEET", "DataSet", "DataSetError", "FilterError", "View", "find", "parse"]
