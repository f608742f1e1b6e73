"""A WSMan server whose PSRP is psrpcore's: a peer that is not of this project.

It prints one line of JSON, {"port": N}, and serves until its standard input
ends. psrpcore_peer.py has its commands.
"""
import argparse
import base64
import collections
import contextlib
import json
import os
import ssl
import sys
import threading
import uuid
import xml.etree.ElementTree as ET
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

import psrpcore_peer
from psrpcore_peer import Shell

NS = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "rsp": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
    "ps": "http://schemas.microsoft.com/powershell",
    "f": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
}
OPEN_ENVELOPE = "<s:Envelope " + " ".join(f'xmlns:{k}="{v}"' for k, v in NS.items()) + ">"
STATE = NS["rsp"] + "/CommandState/"

TIMED_OUT = 0x80338029
NOT_FOUND = 0x8033805B
NOT_OFFERED = 0x80338001
ABORTED = 995

ROOM = 1 << 20      # bytes that wait for a Receive before a command waits too


class Fault(Exception):
    def __init__(self, code, reason):
        super().__init__(reason)
        self.code = code


class Outbox:
    """What waits for the Receives of one command, or of the pool."""

    def __init__(self):
        self.changed = threading.Condition()
        self.chunks = collections.deque()
        self.size = 0
        self.done = False      # nothing more will be put in
        self.closed = False    # nobody will take what is in it

    def put(self, data):
        with self.changed:
            self.chunks.append(data)
            self.size += len(data)
            self.changed.notify_all()

    def wait_for_room(self, stopping):
        with self.changed:
            self.changed.wait_for(lambda: self.size < ROOM or stopping.is_set())

    def wake(self):
        with self.changed:
            self.changed.notify_all()

    def finish(self, closed=False):
        with self.changed:
            self.done = True
            self.closed = self.closed or closed
            self.changed.notify_all()

    def take(self, limit, seconds):
        """Whole chunks of up to limit bytes, one at least, and whether they are the last."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.chunks or self.done, seconds):
                raise Fault(TIMED_OUT, "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.")
            if self.closed:
                raise Fault(ABORTED, "The I/O operation has been aborted because of either a thread exit or an application request.")
            taken = bytearray()
            while self.chunks and (not taken or len(taken) + len(self.chunks[0]) <= limit):
                taken += self.chunks.popleft()
            self.size -= len(taken)
            self.changed.notify_all()
            return bytes(taken), self.done and not self.chunks


def patience(envelope):
    """The seconds that a request may take: PT60.000S."""
    timeout = envelope.find("s:Header/w:OperationTimeout", NS)
    return float(timeout.text.removeprefix("PT").removesuffix("S")) if timeout is not None else 60


class Server(ThreadingHTTPServer):
    daemon_threads = True
    # Of connections that wait for their thread. socketserver's 5 overflow where
    # many clients come at once: the system then drops attempts without a word.
    request_queue_size = 1024

    def __init__(self, options):
        super().__init__(("127.0.0.1", 0), Handler)
        self.scheme = "http"
        if options.tls:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(options.tls)
            # The handshake is the connection's own thread's, at its first read.
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
            self.scheme = "https"
        self.options = options
        self.shells = {}
        self.lock = threading.Lock()

    def shell(self, envelope):
        selector = envelope.find(".//w:Selector[@Name='ShellId']", NS)
        with self.lock:
            shell = self.shells.get(selector.text if selector is not None else "")
        if shell is None:
            raise Fault(NOT_FOUND, "The request for the Windows Remote Shell failed because the shell was not found on the server.")
        return shell

    def command(self, shell, command_id):
        command = shell.command(command_id)
        if command is None:
            raise Fault(NOT_FOUND, "The request for the Windows Remote Shell failed because the command was not found on the server.")
        return command

    def do(self, verb, envelope):
        method = getattr(self, "on_" + verb, None)
        if method is None:
            raise Fault(NOT_OFFERED, f"The action {verb} is not supported by the service.")
        return method(envelope)

    # One method for each action; each returns the body of its answer.

    def on_Create(self, envelope):
        shell, shell_id = Shell(lambda _: Outbox()), str(uuid.uuid4()).upper()
        shell.feed(base64.b64decode(envelope.find(".//ps:creationXml", NS).text))
        with self.lock:
            self.shells[shell_id] = shell
        resource = envelope.find("s:Header/w:ResourceURI", NS).text
        return (f"<x:ResourceCreated><a:Address>{self.scheme}://127.0.0.1/wsman</a:Address><a:ReferenceParameters>"
                f"<w:ResourceURI>{escape(resource)}</w:ResourceURI><w:SelectorSet><w:Selector Name=\"ShellId\">{shell_id}</w:Selector>"
                f"</w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>"
                f"<rsp:Shell><rsp:ShellId>{shell_id}</rsp:ShellId><rsp:State>Connected</rsp:State></rsp:Shell>")

    def on_Command(self, envelope):
        shell, line = self.shell(envelope), envelope.find(".//rsp:CommandLine", NS)
        command_id = uuid.UUID(line.get("CommandId"))
        command = shell.new_command(command_id)
        shell.feed(base64.b64decode("".join(a.text for a in line.findall("rsp:Arguments", NS))), command)
        return f"<rsp:CommandResponse><rsp:CommandId>{str(command_id).upper()}</rsp:CommandId></rsp:CommandResponse>"

    def on_Send(self, envelope):
        shell = self.shell(envelope)
        for stream in envelope.iterfind(".//rsp:Send/rsp:Stream", NS):
            command_id = stream.get("CommandId")
            shell.feed(base64.b64decode(stream.text), self.command(shell, command_id) if command_id else None)
        return "<rsp:SendResponse/>"

    def on_Receive(self, envelope):
        shell, desired = self.shell(envelope), envelope.find(".//rsp:DesiredStream", NS)
        command_id = desired.get("CommandId")
        outbox = self.command(shell, command_id).outbox if command_id else shell.outbox
        limit = (int(envelope.find("s:Header/w:MaxEnvelopeSize", NS).text) - 4096) * 3 // 4
        seconds = self.options.poll or patience(envelope)
        data, last = outbox.take(limit, seconds)
        about = f' CommandId="{command_id}"' if command_id else ""
        body = f'<rsp:Stream Name="stdout"{about}>{base64.b64encode(data).decode()}</rsp:Stream>' if data else ""
        if command_id:
            body += f'<rsp:CommandState{about} State="{STATE}{"Done" if last else "Running"}"/>'
        return f"<rsp:ReceiveResponse>{body}</rsp:ReceiveResponse>"

    def on_Signal(self, envelope):
        shell, signal = self.shell(envelope), envelope.find(".//rsp:Signal", NS)
        command, code = self.command(shell, signal.get("CommandId")), signal.find("rsp:Code", NS).text
        if code.endswith("crtl_c"):
            command.stop()
        else:
            shell.drop(command)
        return "<rsp:SignalResponse/>"

    def on_Delete(self, envelope):
        shell = self.shell(envelope)
        for command in list(shell.commands.values()):
            shell.drop(command)
        shell.outbox.finish(closed=True)
        with self.lock:
            self.shells = {k: v for k, v in self.shells.items() if v is not shell}
        return ""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1    # an answer is one write

    def do_POST(self):
        data = self.rfile.read(int(self.headers["Content-Length"]))
        options = self.server.options
        if options.user:
            want = "Basic " + base64.b64encode(f"{options.user}:{options.password}".encode()).decode()
            if self.headers.get("Authorization") != want:
                self.answer(401, b"", {"WWW-Authenticate": 'Basic realm="peer"'})
                return
        envelope = ET.fromstring(data)
        action = envelope.find("s:Header/a:Action", NS).text
        relates = envelope.find("s:Header/a:MessageID", NS).text
        status = 200
        try:
            body = self.server.do(action.rsplit("/", 1)[1], envelope)
        except Fault as fault:
            status, action = 500, "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
            reason = escape(str(fault))
            body = (f'<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:InternalError</s:Value></s:Subcode></s:Code>'
                    f'<s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason><s:Detail>'
                    f'<f:WSManFault Code="{fault.code}" Machine="peer"><f:Message>{reason}</f:Message></f:WSManFault></s:Detail></s:Fault>')
        else:
            action += "Response"
        text = (f"{OPEN_ENVELOPE}<s:Header><a:Action>{action}</a:Action><a:MessageID>uuid:{uuid.uuid4()}</a:MessageID>"
                f"<a:RelatesTo>{escape(relates)}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>")
        self.answer(status, text.encode(), {"Content-Type": "application/soap+xml;charset=UTF-8"})

    def answer(self, status, body, headers):
        with contextlib.suppress(ConnectionError):    # nobody is there any more
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

    def log_message(self, *args):
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--poll", type=float, help="seconds that a Receive waits; else what its client says")
    parser.add_argument("--tls", help="a file with a certificate and its key: https then")
    parser.add_argument("--rows", type=int, default=0, help="how many objects to make for the command rows")
    options = parser.parse_args()
    psrpcore_peer.ROWS.make(options.rows)
    server = Server(options)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_port}), flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
