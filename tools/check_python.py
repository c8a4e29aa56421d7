"""Say in one line what is wrong with this Python, if anything is."""

import importlib.util
import sys

if sys.version_info < (3, 11):
    sys.exit(f"nbops needs Python 3.11 or newer; this is {sys.version.split()[0]}. Say another: make PYTHON=python3.12")
if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
    sys.exit("This Python cannot make virtual environments. On Debian: apt-get install python3-venv")
