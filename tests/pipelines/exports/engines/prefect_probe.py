"""Run a flow as Prefect does without a server of its own being set up, and give how its tasks ended."""

import json
import runpy
import sys

flow = runpy.run_path(sys.argv[1])["pipeline"]
try:
    flow()
    error = ""
except Exception as problem:
    error = f"{type(problem).__name__}: {problem}"
print("RESULT " + json.dumps({"name": flow.name, "error": error}))
