"""The data explorer's questions: a pure library over a data-set bundle. No Flask, no settings.

`find` the bundles, `parse` an address into a View, ask the DataSet.
"""

from .dataset import DataSet, find
from .filters import FilterError, View, parse
from .opening import DataSetError
from .store import MOST_IN_A_SHEET

__all__ = ["MOST_IN_A_SHEET", "DataSet", "DataSetError", "FilterError", "View", "find", "parse"]
