"""The answers that refuse a request which its schema allows, each with the row of contract.md that says so.

No check is switched off: a failure is dropped only where the answer is one of these, and every other answer to the
same request still fails.
"""
import json
import os

import schemathesis

# Error code, status: why a request of the right form is refused.
REFUSED = {
    ("invalid_cursor", 400): "L18: a cursor is opaque text; one that the server did not give is refused",
    ("idempotency_mismatch", 400): "4.7: a key that was used with another body is refused",
    ("precondition_failed", 412): "L64 and 2.6: 412, only with If-Match",
}
# The document of `page` on cursor surfaces: "Not together with cursor (400)" (L15); no schema can say it.
TOGETHER = "must not be given together with cursor"


def is_refusal(response):
    try:
        error = json.loads(response.content)["error"]
    except (ValueError, KeyError, TypeError):
        return False
    if (error["code"], response.status_code) in REFUSED:
        return True
    fields = error.get("details", {}).get("fields", [])
    return response.status_code == 400 and [field.get("reason") for field in fields] == [TOGETHER]


# "Everything else 404 not_found in the plain envelope" (4.1, the worst case of 2.3): outside of the full profile a method
# that a route does not have is no route.
NO_ROUTE = ("not_found", 404)


def is_no_route(response):
    try:
        code = json.loads(response.content)["error"]["code"]
    except (ValueError, KeyError, TypeError):
        return False
    return os.environ["CNX_EMULATOR_PROFILE"] != "full" and (code, response.status_code) == NO_ROUTE


@schemathesis.hook
def filter_failure(context, failure, case, response):
    name = type(failure).__name__
    if name == "UnsupportedMethodResponse":
        return not is_no_route(response)
    return not (name == "RejectedPositiveData" and is_refusal(response))
