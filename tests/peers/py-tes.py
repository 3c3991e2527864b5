"""Drives py-tes by the command line; see py-tes.sh."""

import json
import os
import sys
import time

import requests
import tes


def told(thing):
    return json.loads(thing.as_json()) if hasattr(thing, "as_json") else thing


def read(path):
    with open(path, encoding="utf-8") as file:
        return tes.unmarshal(json.load(file), tes.Task)


def run(url, verb, *rest):
    client = tes.HTTPClient(url, timeout=30, token=os.environ.get("VISUM_TOKEN"))
    if verb == "info":
        return told(client.get_service_info())
    if verb == "create":
        return {"id": client.create_task(read(rest[0]))}
    if verb == "run":
        task = client.create_task(read(rest[0]))
        until = time.monotonic() + float(os.environ.get("VISUM_WAIT", "60"))
        while client.get_task(task, "MINIMAL").state in ("QUEUED", "INITIALIZING", "RUNNING", "UNKNOWN", "CANCELING"):
            if time.monotonic() > until:
                raise TimeoutError(f"task {task} did not end in time")
            time.sleep(0.1)
        return told(client.get_task(task, "FULL"))
    if verb == "get":
        return told(client.get_task(rest[0], *(rest[1:] or ["FULL"])))
    if verb == "list":
        return told(client.list_tasks(view="BASIC"))
    if verb == "cancel":
        return told(client.cancel_task(rest[0])) or {}
    raise SystemExit(f"unknown verb {verb}")


try:
    answer = run(*sys.argv[1:])
except requests.HTTPError as refused:
    # What a user of py-tes sees of a denial: status and reason phrase.
    answer = {"error": {"status": refused.response.status_code, "reason": refused.response.reason, "body": refused.response.text}}
print(json.dumps(answer))
sys.exit(1 if isinstance(answer, dict) and "error" in answer else 0)
