"""pypsrp as the client of a server's command rows: one run, told in one line of JSON.

usage: pypsrp_rows.py PORT USER PASSWORD COUNT
"""
import datetime
import json
import resource
import sys
import time
import zlib

from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan


def checksum(objects):
    """What rows_bench_test.go makes of the same values; pypsrp leaves times as text."""
    text, numbers = 0, 0
    for o in objects:
        for name, value in o.extended_properties.items():
            if name.startswith("Made"):
                numbers += 7 * int(datetime.datetime.fromisoformat(value).timestamp())
            elif isinstance(value, str):
                text = zlib.crc32(value.encode(), text)
            elif isinstance(value, bool):
                numbers += 5 * value
            else:
                numbers += value
    return f"{text:08x}-{numbers & (1 << 64) - 1:x}"


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main():
    port, user, password, count = sys.argv[1:]
    wsman = WSMan("127.0.0.1", port=int(port), username=user, password=password, ssl=False, auth="basic", encryption="never")
    with wsman, RunspacePool(wsman) as pool:
        shell = PowerShell(pool)
        shell.add_cmdlet("rows").add_argument(int(count))
        began, used = time.monotonic(), cpu()
        shell.begin_invoke()
        shell.poll_invoke()
        while not shell.output:
            shell.poll_invoke()
        first = time.monotonic() - began
        output = shell.end_invoke()
        total, used = time.monotonic() - began, cpu() - used
    print(json.dumps({"Objects": len(output), "Checksum": checksum(output), "First": first, "Total": total, "CPU": used}))


if __name__ == "__main__":
    main()
