# Sets PYTHON to a Python that Umbel runs on (3.11 or newer), or ends with a sentence. Sourced.
for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        PYTHON=$candidate
        return 0
    fi
done
echo "Umbel needs Python 3.11 or newer, and none was found. Install it, or name it: make PYTHON=/path/to/python3" >&2
exit 1
