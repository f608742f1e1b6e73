"""Uses a tenant of the lab as pypsrp does: a client that is not of this project.

Reads one JSON object from its standard input:

  uri, user_name, password   where to connect and as whom, by Basic
  auth                       how instead of Basic; messages are sealed over http then
  ca_file                    who signs the server's certificate
  resolve                    ["HOST:PORT=ADDR:PORT", ...]
  work                       the name of what to do, a function below

and writes what happened as one JSON object.
"""
import json
import socket
import sys
import urllib.parse

import urllib3.util.connection
from pypsrp.complex_objects import Color, Coordinates, CultureInfo, PSInvocationState, Size
from pypsrp.exceptions import AuthenticationError, WSManFaultError
from pypsrp.host import PSHost, PSHostRawUserInterface, PSHostUserInterface
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

STATES = {v: k.lower() for k, v in vars(PSInvocationState).items() if isinstance(v, int)}


def resolve(entries):
    """Connects to the addresses that stand for names, as curl --resolve does."""
    table = dict(entry.lower().split("=", 1) for entry in entries)
    connect = urllib3.util.connection.create_connection

    def create_connection(address, *args, **kwargs):
        target = table.get(f"{address[0]}:{address[1]}".lower())
        if target:
            host, port = target.rsplit(":", 1)
            address = (host, int(port))
        return connect(address, *args, **kwargs)

    urllib3.util.connection.create_connection = create_connection


class Person(PSHostUserInterface):
    """Answers questions with the labels it was given, in order."""

    def __init__(self, answers):
        size = Size(width=120, height=50)
        here = Coordinates(x=0, y=0)
        super().__init__(raw_ui=PSHostRawUserInterface(
            "pypsrp", 10, Color(value=Color.WHITE), Color(value=Color.BLACK), here, here, size, size, size, size))
        self.answers = list(answers)
        self.questions = []

    def PromptForChoice(self, runspace, pipeline, caption, message, choices, default_choice):
        labels = [c.extended_properties["label"] for c in choices]
        self.questions.append({"caption": caption, "message": message, "labels": labels, "default": default_choice})
        return labels.index(self.answers.pop(0))


def host(person):
    culture = CultureInfo(lcid=1033, name="en-US", display_name="English (United States)")
    return PSHost(culture, culture, False, "pypsrp", None, person, "1.0")


def connect(options, **changes):
    options = {**options, **changes}
    u = urllib.parse.urlsplit(options["uri"])
    path = u.path.lstrip("/") + (f"?{u.query}" if u.query else "")
    secure = u.scheme == "https"
    auth = options.get("auth") or "basic"
    return WSMan(u.hostname, port=u.port or (443 if secure else 80), path=path, ssl=secure, auth=auth,
                 username=options["user_name"], password=options["password"],
                 encryption="never" if secure or auth == "basic" else "always",
                 cert_validation=options["ca_file"] if secure else True, no_proxy=True,
                 operation_timeout=5, read_timeout=60)


def command(pool, name, *positional, **named):
    ps = PowerShell(pool).add_cmdlet(name)
    for value in positional:
        ps.add_argument(value)
    for key, value in named.items():
        ps.add_parameter(key, value)
    return ps


def plain(value):
    """A value as JSON can say it; an object becomes its properties."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    properties = {**getattr(value, "adapted_properties", {}), **getattr(value, "extended_properties", {})}
    if properties:
        return {"types": list(value.types), **{k: plain(v) for k, v in properties.items()}}
    return str(value)


def result(ps):
    """Everything that a pipeline gave."""
    return {
        "state": STATES[ps.state],
        "output": [plain(v) for v in ps.output],
        "errors": [{"text": str(e), "id": e.fq_error, "category": str(e.category), "reason": e.reason, "target": e.target_name,
                    "activity": e.activity} for e in ps.streams.error],
        "warnings": [w.message for w in ps.streams.warning],
        "verbose": [v.message for v in ps.streams.verbose],
        "progress": [{"activity": p.activity, "id": p.activity_id, "status": p.description, "percent": p.percent_complete,
                      "type": str(p.progress_type)} for p in ps.streams.progress],
    }


def invoke(ps, **kwargs):
    ps.invoke(**kwargs)
    return result(ps)


def refusal(action):
    """How an action is refused; a fault has a code."""
    try:
        action()
    except WSManFaultError as err:
        return {"kind": "fault", "code": err.code, "text": err.reason}
    except Exception as err:
        return {"kind": type(err).__name__, "text": str(err)}
    return None


def everything(options):
    said = {}
    person = Person(["&No", "&Yes", "Yes to &All"])
    with connect(options) as wsman:
        with RunspacePool(wsman, host=host(person)) as pool:
            said["arguments"] = sorted(pool.application_private_data.data)
            said["tenant"] = invoke(command(pool, "Get-CsTenant"))
            said["users"] = invoke(command(pool, "Get-CsOnlineUser", ResultSize=5))
            said["filter"] = invoke(command(pool, "Get-CsOnlineUser", ResultSize="Unlimited", Filter="City -eq 'Oslo' -and Enabled -eq $true"))
            said["positional"] = invoke(command(pool, "Get-CsOnlineUser", "user0007@" + options["domain"]))
            said["missing"] = invoke(command(pool, "Get-CsOnlineUser", Identity="nobody@nowhere.example"))
            said["stopped_by_error"] = invoke(command(pool, "Get-CsOnlineUser", Identity="nobody@nowhere.example", ErrorAction="Stop"))
            said["unknown"] = invoke(command(pool, "Get-CsNothing", Identity="x"))
            said["wrong_parameter"] = invoke(command(pool, "Get-CsTenant", Colour="red"))
            said["script"] = invoke(PowerShell(pool).add_script("Get-CsTenant | Select-Object Name"))
            said["report"] = invoke(command(pool, "Get-CsUserReport", ResultSize=4, DelayMilliseconds=0))
            said["input"] = invoke(command(pool, "Get-CsOnlineUser"), input=["user0001@" + options["domain"], "user0002@" + options["domain"], "nobody"])

            identity = "user0003@" + options["domain"]
            change = dict(Identity=identity, LineUri="tel:+4930555", Confirm=True, PassThru=True, Verbose=True)
            said["refused"] = invoke(command(pool, "Set-CsUser", **change))
            said["confirmed"] = invoke(command(pool, "Set-CsUser", **change))
            said["changed"] = invoke(command(pool, "Get-CsOnlineUser", Identity=identity))
            said["chain"] = invoke(command(pool, "Get-CsOnlineUser", ResultSize=3).add_cmdlet("Set-CsUser")
                                   .add_parameters({"Confirm": True, "HostedVoiceMail": True, "PassThru": True}))
            said["questions"] = person.questions
            said["typed"] = invoke(command(pool, "Set-CsUser", Identity=identity, EnterpriseVoiceEnabled="sometimes"))

            ps = command(pool, "Get-CsUserReport", DelayMilliseconds=60000)
            ps.begin_invoke()
            while not ps.output:
                ps.poll_invoke()
            ps.stop()
            said["stop"] = result(ps)
            said["after_stop"] = invoke(command(pool, "Get-CsOnlineSipDomain"))
    return said


def brief(options):
    """A few commands, and sessions that are refused."""
    said = {}
    with connect(options) as wsman, RunspacePool(wsman) as pool:
        said["tenant"] = invoke(command(pool, "Get-CsTenant"))
        said["users"] = invoke(command(pool, "Get-CsOnlineUser", ResultSize=5))
        said["script"] = invoke(PowerShell(pool).add_script("1..3"))
    denied = options["uri"].partition("?")[0] + "?AdminDomain=partner.example"
    said["denied"] = refusal(RunspacePool(connect(options, uri=denied)).open)
    said["wrong_password"] = refusal(RunspacePool(connect(options, password="wrong")).open)
    return said


def quota(options):
    """More shells than a user may have, each with a pipeline of its own."""
    pools = [RunspacePool(connect(options), max_runspaces=2) for _ in range(3)]
    for pool in pools:
        pool.open()
    said = {"over": refusal(RunspacePool(connect(options)).open)}
    said["counts"] = [len(invoke(command(pool, "Get-CsOnlineUser"))["output"]) for pool in pools]
    for pool in pools:
        pool.close()
    return said


def negotiate(options):
    """A tenant's name by NTLM, by both forms of an account; and a wrong password."""
    said = {"names": [], "refused": ""}
    for name in options["user_name"], "CONTOSO\\admin":
        with RunspacePool(connect(options, user_name=name)) as pool:
            said["names"] += [o["Name"] for o in invoke(command(pool, "Get-CsTenant"))["output"]]
    try:
        RunspacePool(connect(options, password="wrong")).open()
    except AuthenticationError:
        said["refused"] = "AuthenticationError"
    return said


if __name__ == "__main__":
    given = json.load(sys.stdin)
    resolve(given["resolve"])
    json.dump(globals()[given["work"]](given), sys.stdout)
