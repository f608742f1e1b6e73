"""A WSMan server whose PSRP is psrpcore's: a peer that is not of this project.

It prints one line of JSON, {"port": N}, serves until its standard input ends,
and knows these commands:

  emit N            N objects whose five properties follow from their number
                    (see numbered), and a warning with the SHA-256 of them all
  hello [NAME]      a greeting
  fail [-Terminating]  an error record, or a pipeline that fails
  warn TEXT         a warning, and a progress and an information record
  sleep SECONDS     an object, then nothing until the time is over or a stop
  count             the number of objects in its input
  ask               what the client's host answers to a choice and to a line

A script is refused as by a runspace without a language.
"""
import argparse
import base64
import collections
import contextlib
import hashlib
import json
import os
import queue
import sys
import threading
import traceback
import uuid
import xml.etree.ElementTree as ET
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

import psrpcore
from psrpcore.types import (
    ChoiceDescription, CommandMetadataCount, ErrorCategory, ErrorCategoryInfo, ErrorRecord, NETException, PipelineState,
    PSCustomObject, PSGuid, PSInt, PSInt64, PSInvocationState, PSSecureString,
)

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
ABORTED = 995

FRAGMENT = 32768    # bytes of a fragment with its header, at most
ROOM = 1 << 20      # bytes that wait for a Receive before a command waits too


class Fault(Exception):
    def __init__(self, code, reason):
        super().__init__(reason)
        self.code = code


class Stopped(Exception):
    """Ends a command that was asked to stop."""


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


class Command:
    """A pipeline on its way: its psrpcore side, its thread and its outbox."""

    def __init__(self, shell, command_id):
        self.shell = shell
        self.outbox = Outbox()
        self.stopping = threading.Event()
        self.input = []
        self.input_ended = threading.Event()
        self.answers = queue.SimpleQueue()
        with shell.lock:
            self.pipeline = psrpcore.ServerPipeline(shell.pool, command_id)

    def write(self, method, *args, **kwargs):
        self.outbox.wait_for_room(self.stopping)
        if self.stopping.is_set():
            raise Stopped
        with self.shell.lock:
            getattr(self.pipeline, method)(*args, **kwargs)
            self.shell.route()

    def ask(self, method, *args):
        """Calls a method of the client's host and returns what it answers."""
        with self.shell.lock:
            call_id = getattr(psrpcore.ServerHostRequestor(self.pipeline), method)(*args)
            self.shell.route()
        answer = self.answers.get()
        if answer is None:
            raise Stopped
        if answer.ci != call_id or answer.error:
            raise RuntimeError(f"call {call_id} is answered by {answer}")
        return answer.result

    def stop(self):
        self.stopping.set()
        self.input_ended.set()
        self.answers.put(None)
        with self.outbox.changed:
            self.outbox.changed.notify_all()

    def run(self):
        with self.shell.runspaces:
            try:
                with self.shell.lock:
                    self.pipeline.start()
                    self.shell.route()
                self.execute(self.pipeline.metadata)
                self.write("complete")
            except Stopped:
                with self.shell.lock, contextlib.suppress(psrpcore.PSRPCoreError):
                    self.pipeline.stop()
                    self.shell.route()
            except Failure as failure:
                self.fail(failure.record)
            except Exception as err:
                traceback.print_exc()
                self.fail(Failure("Peer.Broken", ErrorCategory.NotSpecified, type(err).__name__, str(err)).record)
        self.outbox.finish()

    def fail(self, record):
        with self.shell.lock:
            self.pipeline.prepare_message(
                PipelineState(PipelineState=int(PSInvocationState.Failed), ExceptionAsErrorRecord=record))
            self.pipeline.state = PSInvocationState.Failed
            self.shell.route()

    def execute(self, metadata):
        if not isinstance(metadata, psrpcore.PowerShell):
            self.write("write_output", CommandMetadataCount(Count=0))
            return
        for command in metadata.commands:
            if command.is_script:
                raise Failure("ScriptsNotAllowed", ErrorCategory.InvalidData, "RemoteException",
                              "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode.")
            run = COMMANDS.get(command.command_text.lower())
            if run is None:
                raise Failure("CommandNotFoundException", ErrorCategory.ObjectNotFound, "CommandNotFoundException",
                              f"The term '{command.command_text}' is not recognized as the name of a cmdlet, function, script file, or operable program.",
                              command.command_text)
            run(self, *bind(command.parameters))


def bind(parameters):
    """The positional arguments and the named ones.

    A name with a dash is a parameter as it was typed: its argument is the next
    one, unless it is a switch or has its argument behind a colon.
    """
    args, named, waiting = [], {}, None
    for name, value in parameters:
        if not name and waiting:
            named[waiting], waiting = value, None
        elif not name:
            args.append(value)
        else:
            key = name.removeprefix("-").rstrip(": ").lower()
            typed = name.startswith("-") and value is None
            named[key] = True if typed else value
            waiting = key if typed and key not in SWITCHES else None
    return args, named


class Failure(Exception):
    """Ends a pipeline with an error record."""

    def __init__(self, error_id, category, exception, text, target=None):
        super().__init__(text)
        self.record = ErrorRecord(
            Exception=NETException(text), TargetObject=target, FullyQualifiedErrorId=error_id,
            CategoryInfo=ErrorCategoryInfo(Category=category, Reason=exception, TargetName=target or "",
                                           TargetType="String" if target else ""))


def numbered(i):
    """The i-th object. Every five hundredth is longer than a fragment."""
    return (i, f"object {i} \u00e9\u4e2d\U0001f600 <&> \t_x0041_", i * i * 1000003, uuid.UUID(int=i * 0x9E3779B97F4A7C15 % (1 << 128)),
            "abcdefghij" * (4000 if i % 500 == 0 else i % 30))


def emit(command, args, named):
    digest = hashlib.sha256()
    for i in range(int(args[0] if args else named["count"])):
        index, name, square, ident, text = numbered(i)
        digest.update(f"{index}|{name}|{square}|{ident}|{text}\n".encode())
        command.write("write_output", PSCustomObject(
            Index=PSInt(index), Name=name, Square=PSInt64(square), Id=PSGuid(str(ident)), Text=text))
    command.write("write_warning", "sha256 " + digest.hexdigest())


def hello(command, args, named):
    command.write("write_output", "hello " + (args[0] if args else named.get("name", "world")))


def fail(command, args, named):
    if "terminating" in named:
        raise Failure("Peer.Terminating", ErrorCategory.InvalidOperation, "InvalidOperationException", "this ends here", "all of it")
    command.write("write_output", "before")
    command.write("write_error", NETException("not that one"), target_object="that one",
                  fully_qualified_error_id="Peer.Fail,fail",
                  category_info=ErrorCategoryInfo(Category=ErrorCategory.InvalidArgument, Activity="fail", Reason="ArgumentException",
                                                  TargetName="that one", TargetType="String"))
    command.write("write_output", "after")


def warn(command, args, named):
    command.write("write_warning", args[0])
    command.write("write_progress", "warning", 7, "half of it", percent_complete=50)
    command.write("write_information", args[0] + ", for information", "warn")


def sleep(command, args, named):
    command.write("write_output", "asleep")
    if command.stopping.wait(float(args[0])):
        raise Stopped


def count(command, args, named):
    command.input_ended.wait()
    command.write("write_output", PSInt(len(command.input)))


def ask(command, args, named):
    with command.shell.lock:
        psrpcore.ServerHostRequestor(command.pipeline).write_line("two questions")
        command.shell.route()
    choice = command.ask("prompt_for_choice", "Colour", "Which one?",
                         [ChoiceDescription("&Red", "like a rose"), ChoiceDescription("&Blue", "like the sky")], 0)
    command.write("write_output", PSInt(choice))
    command.write("write_output", "line " + command.ask("read_line"))


def secret(command, args, named):
    typed = command.ask("read_line_as_secure_string").decrypt()
    command.write("write_output", typed)
    command.write("write_output", PSSecureString(typed[::-1]))


SWITCHES = {"terminating"}
COMMANDS = {"emit": emit, "hello": hello, "fail": fail, "warn": warn, "sleep": sleep, "count": count, "ask": ask, "secret": secret}


class Shell:
    """A runspace pool."""

    def __init__(self):
        self.lock = threading.RLock()    # psrpcore is not made for several threads
        self.pool = psrpcore.ServerRunspacePool()
        self.outbox = Outbox()
        self.commands = {}
        self.runspaces = threading.Semaphore(1)

    def route(self):
        """Takes what psrpcore wants to send to the outboxes it is for."""
        while payload := self.pool.data_to_send(FRAGMENT):
            box = self.outbox
            if payload.pipeline_id:
                command = self.commands.get(payload.pipeline_id)
                if command is None:
                    continue
                box = command.outbox
            box.put(payload.data)

    def feed(self, data, command=None):
        with self.lock:
            target = command.pipeline.pipeline_id if command else None
            self.pool.receive_data(psrpcore.PSRPPayload(data, psrpcore.StreamType.default, target))
            while event := self.pool.next_event():
                self.take(event, command)
            self.route()

    def take(self, event, command):
        if isinstance(event, psrpcore.InitRunspacePoolEvent):
            self.runspaces = threading.Semaphore(self.pool.max_runspaces)
        elif isinstance(event, (psrpcore.CreatePipelineEvent, psrpcore.GetCommandMetadataEvent)):
            threading.Thread(target=command.run, daemon=True).start()
        elif isinstance(event, psrpcore.PipelineInputEvent):
            command.input.append(event.data)
        elif isinstance(event, psrpcore.EndOfPipelineInputEvent):
            command.input_ended.set()
        elif isinstance(event, psrpcore.PipelineHostResponseEvent):
            command.answers.put(event)
        elif isinstance(event, psrpcore.GetAvailableRunspacesEvent):
            self.pool.runspace_availability_response(event.ci, self.pool.max_runspaces)

    def command(self, command_id):
        with self.lock:
            command = self.commands.get(uuid.UUID(command_id))
        if command is None:
            raise Fault(NOT_FOUND, "The request for the Windows Remote Shell failed because the command was not found on the server.")
        return command

    def drop(self, command):
        command.stop()
        command.outbox.finish(closed=True)
        with self.lock:
            self.commands.pop(command.pipeline.pipeline_id, None)
            self.pool.pipeline_table.pop(command.pipeline.pipeline_id, None)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, options):
        super().__init__(("127.0.0.1", 0), Handler)
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

    # One method for each action; each returns the body of its answer.

    def on_Create(self, envelope):
        shell, shell_id = Shell(), str(uuid.uuid4()).upper()
        shell.feed(base64.b64decode(envelope.find(".//ps:creationXml", NS).text))
        with self.lock:
            self.shells[shell_id] = shell
        resource = envelope.find("s:Header/w:ResourceURI", NS).text
        return (f"<x:ResourceCreated><a:Address>http://127.0.0.1/wsman</a:Address><a:ReferenceParameters>"
                f"<w:ResourceURI>{escape(resource)}</w:ResourceURI><w:SelectorSet><w:Selector Name=\"ShellId\">{shell_id}</w:Selector>"
                f"</w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>"
                f"<rsp:Shell><rsp:ShellId>{shell_id}</rsp:ShellId><rsp:State>Connected</rsp:State></rsp:Shell>")

    def on_Command(self, envelope):
        shell, line = self.shell(envelope), envelope.find(".//rsp:CommandLine", NS)
        command_id = uuid.UUID(line.get("CommandId"))
        command = Command(shell, command_id)
        with shell.lock:
            shell.commands[command_id] = command
        shell.feed(base64.b64decode("".join(a.text for a in line.findall("rsp:Arguments", NS))), command)
        return f"<rsp:CommandResponse><rsp:CommandId>{str(command_id).upper()}</rsp:CommandId></rsp:CommandResponse>"

    def on_Send(self, envelope):
        shell = self.shell(envelope)
        for stream in envelope.iterfind(".//rsp:Send/rsp:Stream", NS):
            command_id = stream.get("CommandId")
            shell.feed(base64.b64decode(stream.text), shell.command(command_id) if command_id else None)
        return "<rsp:SendResponse/>"

    def on_Receive(self, envelope):
        shell, desired = self.shell(envelope), envelope.find(".//rsp:DesiredStream", NS)
        command_id = desired.get("CommandId")
        outbox = shell.command(command_id).outbox if command_id else shell.outbox
        limit = (int(envelope.find("s:Header/w:MaxEnvelopeSize", NS).text) - 4096) * 3 // 4
        data, last = outbox.take(limit, self.options.poll)
        about = f' CommandId="{command_id}"' if command_id else ""
        body = f'<rsp:Stream Name="stdout"{about}>{base64.b64encode(data).decode()}</rsp:Stream>' if data else ""
        if command_id:
            body += f'<rsp:CommandState{about} State="{STATE}{"Done" if last else "Running"}"/>'
        return f"<rsp:ReceiveResponse>{body}</rsp:ReceiveResponse>"

    def on_Signal(self, envelope):
        shell, signal = self.shell(envelope), envelope.find(".//rsp:Signal", NS)
        command, code = shell.command(signal.get("CommandId")), signal.find("rsp:Code", NS).text
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
            body = getattr(self.server, "on_" + action.rsplit("/", 1)[1])(envelope)
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
    parser.add_argument("--poll", type=float, default=20, help="seconds that a Receive waits")
    server = Server(parser.parse_args())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_port}), flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
