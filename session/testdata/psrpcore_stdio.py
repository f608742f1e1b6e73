"""A stand-in for pwsh -s whose PSRP is psrpcore's: a peer that is not of this project.

It takes pwsh's arguments and minds none of them, serves one session on its
standard streams, and runs scripts that are a command of psrpcore_peer.py with
its arguments.
"""
import base64
import os
import sys
import threading
import uuid
import xml.etree.ElementTree as ET

from psrpcore_peer import Shell

NOBODY = uuid.UUID(int=0)


class Line:
    """Sends what the pool or a command has as packets, one line each."""

    lock = threading.Lock()

    def __init__(self, command_id):
        self.command_id = command_id or NOBODY

    def put(self, data):
        packet(f"<Data Stream='Default' PSGuid='{self.command_id}'>{base64.b64encode(data).decode()}</Data>")

    # The pipe itself holds a command back.

    def wait_for_room(self, stopping):
        pass

    def wake(self):
        pass

    def finish(self, closed=False):
        pass


def packet(text):
    with Line.lock:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def acknowledge(kind, command_id):
    packet(f"<{kind}Ack PSGuid='{command_id}' />")


class Session:
    def __init__(self):
        self.shell = Shell(Line, language=True)

    def on_Data(self, command_id, element):
        data = base64.b64decode(element.text)
        # An answer to a host says itself which command it is for.
        command = self.shell.command(str(command_id)) if command_id != NOBODY else None
        if command_id == NOBODY or command is not None:
            self.shell.feed(data, command)
        acknowledge("Data", command_id)

    def on_Command(self, command_id, element):
        self.shell.new_command(command_id)
        acknowledge("Command", command_id)

    def on_Signal(self, command_id, element):
        threading.Thread(target=self.stop, args=(command_id,), daemon=True).start()

    def stop(self, command_id):
        command = self.shell.command(str(command_id))
        if command is not None:
            command.stop()
            if command.started:
                command.over.wait()
        acknowledge("Signal", command_id)

    def on_Close(self, command_id, element):
        command = self.shell.command(str(command_id))
        if command is not None:
            self.shell.drop(command)
        acknowledge("Close", command_id)
        if command_id == NOBODY:
            os._exit(0)


def main():
    sys.stdout.reconfigure(newline="\n")
    session = Session()
    for line in sys.stdin:
        element = ET.fromstring(line)
        getattr(session, "on_" + element.tag)(uuid.UUID(element.get("PSGuid")), element)
    os._exit(0)


if __name__ == "__main__":
    main()
