"""A page among several: for each line of input, an alias, it asks a Jupyter server for it and says how that went."""

import json
import sys
import urllib.error
import urllib.request

address, token, own = sys.argv[1:4]
headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
print("ready", flush=True)
for line in sys.stdin:
    body = json.dumps({"target": line.strip(), "expected": "none"}).encode()
    asked = urllib.request.Request(
        f"{address}/nbops/api/models/churn/versions/{own}/promote", body, headers, method="POST"
    )
    try:
        with urllib.request.urlopen(asked, timeout=60) as reply:
            print(json.dumps({"code": reply.status, "holder": json.load(reply)["version"]}), flush=True)
    except urllib.error.HTTPError as error:
        print(json.dumps({"code": error.code, "holder": json.load(error).get("holder")}), flush=True)
