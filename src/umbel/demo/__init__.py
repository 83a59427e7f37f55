"""`umbel demo`: a live cluster on this machine, with everything it needs.

`shop` is the application that its workers run, `traffic` its customers, `broker` its
embedded Valkey server; `process_group` starts all of it and ends all of it, whatever happens.
"""

from umbel.demo.start import run

__all__ = ["run"]
