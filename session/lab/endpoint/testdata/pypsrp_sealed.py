"""Uses the endpoint as pypsrp does over plain http, where everything is sealed.

Arguments: host, port, user, password. Prints OK when everything was as expected.
"""
import sys

from pypsrp.exceptions import AuthenticationError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan


def connect(auth, password):
    return WSMan(sys.argv[1], port=int(sys.argv[2]), path="wsman", ssl=False, auth=auth, username=sys.argv[3],
                 password=password, encryption="always", operation_timeout=5, read_timeout=30)


for auth in ("ntlm", "negotiate"):
    with connect(auth, sys.argv[4]) as wsman, RunspacePool(wsman) as pool:
        ps = PowerShell(pool)
        ps.add_cmdlet("New-LabObject").add_parameter("Count", 2000).add_parameter("Properties", 8)
        out = ps.invoke()
        if len(out) != 2000 or ps.had_errors:
            raise SystemExit(f"{auth}: {len(out)} objects, {ps.streams.error}")

try:
    with connect("ntlm", "wrong") as wsman, RunspacePool(wsman):
        raise SystemExit("a wrong password is accepted")
except AuthenticationError:
    print("OK")
