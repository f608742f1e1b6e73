"""The accepting side of an authentication as pyspnego has it: a peer that is
not of this project.

Reads lines of JSON and answers each with one. Bytes travel as base64.

{"op": "start", "protocol": "ntlm" | "kerberos" | "negotiate", "host": ..., "bindings": ...}
{"op": "step", "token": ...}              -> {"token": ..., "complete": ...}
{"op": "echo", "header": ..., "data": ...} -> unseals a message, and seals it again
{"op": "unseal", "header": ..., "data": ...}, {"op": "seal", "plain": ...} -> either

With "id", each is of the context of that name; there may be several.
"""
import base64
import json
import sys

import spnego
from spnego.channel_bindings import GssChannelBindings


def take(line, name):
    return base64.b64decode(line[name]) if line.get(name) else None


def give(value):
    return base64.b64encode(value).decode() if value is not None else None


def start(line):
    bindings = take(line, "bindings")
    protocol = line["protocol"]
    options = spnego.NegotiateOptions.use_ntlm if line.get("ntlm") else spnego.NegotiateOptions.none
    if protocol == "negotiate" and line.get("ntlm"):
        options = spnego.NegotiateOptions.use_negotiate
    return spnego.server(
        hostname=line.get("host"), service="HTTP", protocol=protocol, options=options,
        channel_bindings=GssChannelBindings(application_data=bindings) if bindings else None)


def answer_to(line, contexts):
    name, op = line.get("id"), line["op"]
    if op == "start":
        contexts[name] = start(line)
        return {}
    context = contexts[name]
    if op == "step":
        answer = {"token": give(context.step(take(line, "token"))), "complete": context.complete}
        if context.complete:
            answer["client"] = context.client_principal
        return answer
    answer = {}
    plain = take(line, "plain")
    if op != "seal":
        plain = context.unwrap_winrm(take(line, "header"), take(line, "data"))
        answer["plain"] = give(plain)
    if op != "unseal":
        sealed = context.wrap_winrm(plain)
        answer |= {"header": give(sealed.header), "data": give(sealed.data)}
    return answer


known = {}
for raw in sys.stdin:
    try:
        answer = answer_to(json.loads(raw), known)
    except Exception as e:
        answer = {"error": f"{type(e).__name__}: {e}"}
    print(json.dumps(answer), flush=True)
