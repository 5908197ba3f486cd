"""Walking a large array a piece at a time."""


def chunks(count, size):
    """Slices that cover range(count), each at most `size` long."""
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]
