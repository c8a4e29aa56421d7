"""A promoter among several: for each line of input, an alias, it tries to be the first to hold it and says how it went."""

import json
import sys

from nbops.errors import PromotionConflict
from nbops.registry import promote

own = int(sys.argv[1])
print("ready", flush=True)
for line in sys.stdin:
    try:
        done = promote("churn", own, line.strip(), expect=None)
        print(json.dumps({"won": done.changed, "holder": done.version}), flush=True)
    except PromotionConflict as error:
        print(json.dumps({"won": False, "holder": error.holder}), flush=True)
