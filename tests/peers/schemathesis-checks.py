"""What every answer of the gate must be, whatever was asked."""

import os

import schemathesis

SECRETS = [text for text in os.environ.get("VISUM_SECRETS", "").split("\n") if text]
# a 503 says when to come back
EXPECTED = {503}


@schemathesis.check
def gate_answers(ctx, response, case):
    status = response.status_code
    if status >= 500 and status not in EXPECTED:
        raise AssertionError(f"{status}: a fault of ours: {response.text}")
    names = {name.lower() for name in response.headers}
    if status in (429, 503) and "retry-after" not in names:
        raise AssertionError(f"{status} without Retry-After")
    if "x-request-id" not in names:
        # refused before it was a request: no body, and the connection ends
        if status not in (400, 414, 431) or response.text:
            raise AssertionError(f"{status} that is not the gate's: {response.text}")
        return
    for name in ("server", "set-cookie", "location", "x-powered-by"):
        if name in names:
            raise AssertionError(f"an answer has the header {name}")
    told = response.text + str(dict(response.headers))
    for text in SECRETS:
        if text in told:
            raise AssertionError(f"an answer holds what it may not: {told}")
    if status >= 400 and response.text:
        body = response.json()
        if not isinstance(body.get("code"), str) or "request_id" not in body:
            raise AssertionError(f"not an error of the gate: {body}")
