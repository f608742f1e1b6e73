"""Uses the endpoint as pypsrp does: a peer that is not of this project.

Arguments: host, port. Prints OK when everything was as expected.
"""
import sys
import time

from pypsrp.complex_objects import ObjectMeta, PSInvocationState
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.shell import Process, SignalCode, WinRS
from pypsrp.wsman import WSMan


def connect():
    return WSMan(sys.argv[1], port=int(sys.argv[2]), path="wsman", ssl=False, auth="basic",
                 username="admin@contoso.example", password="pa55", encryption="never",
                 operation_timeout=5, read_timeout=30)


def check(what, got, want):
    if got != want:
        raise SystemExit(f"{what}: got {got!r}, want {want!r}")


with connect() as wsman, WinRS(wsman, environment={"COLOUR": "blue"}, working_directory="D:\\Work", codepage=65001) as shell:
    for line, args, want in [
        ("echo", ["a", "b"], (b"a b\r\n", b"", 0)),
        ("echo", ["%colour%"], (b"blue\r\n", b"", 0)),
        ("cd", [], (b"D:\\Work\r\n", b"", 0)),
        ("exit", ["3"], (b"", b"", 3)),
        ("nosuch", [], (b"", b"'nosuch' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n", 1)),
        # 'hello'; exit 5
        ("powershell.exe", ["-EncodedCommand", "JwBoAGUAbABsAG8AJwA7ACAAZQB4AGkAdAAgADUA"], (b"hello\r\n", b"", 5)),
    ]:
        process = Process(shell, line, args)
        process.invoke()
        process.signal(SignalCode.TERMINATE)
        check(line, (process.stdout, process.stderr, process.rc), want)
    process = Process(shell, "ping", ["-t", "host"])
    process.begin_invoke()
    process.poll_invoke()
    process.send(b"typed", end=True)
    process.signal(SignalCode.CTRL_C)
    process.end_invoke()
    check("stopped", process.rc, -1073741510)

with connect() as wsman, RunspacePool(wsman, max_runspaces=3) as pool:
    ps = PowerShell(pool)
    ps.add_cmdlet("New-LabObject").add_parameter("Count", 3000).add_parameter("Properties", 8)
    out = ps.invoke()
    check("state", ps.state, PSInvocationState.COMPLETED)
    check("count", len(out), 3000)
    check("index", [o.adapted_properties.get("Index", o.extended_properties.get("Index")) for o in out], list(range(1, 3001)))

    ps = PowerShell(pool)
    ps.add_cmdlet("Get-LabEcho").add_parameter("Number", "42").add_parameter("Switch", True).add_parameter("List", ["a", "b"])
    out = ps.invoke()
    check("types", [(o.extended_properties["Name"], o.extended_properties["Type"]) for o in out],
          [("Number", "System.Int32"), ("Switch", "System.Boolean"), ("List", "System.String[]")])

    ps = PowerShell(pool)
    ps.add_cmdlet("No-Such").add_parameter("A", 1)
    ps.invoke()
    check("failed", ps.state, PSInvocationState.FAILED)
    check("id", str(ps.streams.error[-1].fq_error), "CommandNotFoundException")

    ps = PowerShell(pool)
    ps.add_cmdlet("Write-Error").add_parameter("Message", "oh").add_parameter("ErrorId", "Lab.Oh")
    ps.add_statement().add_cmdlet("Write-Warning").add_parameter("Message", "careful")
    ps.add_statement().add_cmdlet("Write-Progress").add_parameter("Activity", "work").add_parameter("PercentComplete", 50)
    ps.add_statement().add_cmdlet("Write-Verbose").add_parameter("Message", "detail").add_parameter("Verbose", True)
    ps.add_statement().add_cmdlet("Write-Information").add_parameter("MessageData", "info").add_parameter("Tags", ["t"])
    ps.invoke()
    check("completed", ps.state, PSInvocationState.COMPLETED)
    check("error", (str(ps.streams.error[0]), ps.streams.error[0].fq_error), ("oh", "Lab.Oh"))
    check("warning", ps.streams.warning[0].message, "careful")
    check("progress", (ps.streams.progress[0].activity, ps.streams.progress[0].percent_complete), ("work", 50))
    check("verbose", ps.streams.verbose[0].message, "detail")
    check("information", ps.streams.information[0].message_data, "info")

    ps = PowerShell(pool)
    ps.add_cmdlet("Measure-Object")
    out = ps.invoke(input=["a", "b", "c"])
    check("input", out[0].adapted_properties.get("Count") if out[0].adapted_properties else out[0].extended_properties["Count"], 3)

    ps = PowerShell(pool)
    ps.add_cmdlet("Start-Sleep").add_parameter("Seconds", 60)
    started = time.monotonic()
    ps.begin_invoke()
    ps.stop()
    if time.monotonic() - started > 20:
        raise SystemExit("stop waited for the command")
    check("stopped", ps.state, PSInvocationState.STOPPED)

    ps = PowerShell(pool)
    ps.add_script("1..3")
    ps.invoke()
    check("script", str(ps.streams.error[-1].fq_error), "ScriptsNotAllowed")

    pool.exchange_keys()
    ps = PowerShell(pool)
    ps.add_cmdlet("Get-Secret").add_parameter("Secret", pool.serialize("pässword", ObjectMeta("SS")))
    check("secret", ps.invoke(), ["pässword"])

    pool.max_runspaces = 2
    check("available", pool.get_available_runspaces(), 2)

pools = [RunspacePool(connect()) for _ in range(3)]
for p in pools:
    p.open()
try:
    RunspacePool(connect()).open()
    raise SystemExit("a fourth shell was let in")
except Exception as e:
    check("quota", getattr(e, "code", None), 2150859173)
for p in pools:
    p.close()
print("OK")
