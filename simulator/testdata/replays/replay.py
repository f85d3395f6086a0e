"""Sends what the Python package authy 2.2.6 sends, by Python's own urllib: JSON
for every POST, the query for a GET, the key in a header. It is no copy of the
package: that cannot be had where the tests run. It reads lines
{"method":…,"path":…,"params":{…}} and answers each with {"status":…,"body":…}.
"""
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

base, key = sys.argv[1:3]
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
for line in sys.stdin:
    step = json.loads(line)
    url, data = f"{base}/{step['path']}", None
    headers = {"X-Authy-API-Key": key, "User-Agent": "AuthyPython/2.2.6", "Content-Type": "application/json"}
    if step["method"] == "POST":
        data = json.dumps(step["params"]).encode()
    elif step["params"]:
        url += "?" + urllib.parse.urlencode(step["params"])
    request = urllib.request.Request(url, data, headers, method=step["method"])
    try:
        with opener.open(request) as response:
            answer = {"status": response.status, "body": response.read().decode()}
    except urllib.error.HTTPError as error:
        answer = {"status": error.code, "body": error.read().decode()}
    print(json.dumps(answer), flush=True)
