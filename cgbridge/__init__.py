"""cgbridge: fit coarse-grained molecular models on molecular dynamics run on the fly."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("cgbridge")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
