"""Runspace pools whose PSRP is psrpcore's: a peer that is not of this project.

A transport makes a Shell for each pool, gives it what the client sends, and an
outbox for the pool and each command that takes what the client is to get. These
commands are known:

  emit N            N objects whose five properties follow from their number
                    (see numbered), and a warning with the SHA-256 of them all
  rows N [-Together]  N of the objects of 20 properties that were made before;
                    together: the first answer is as large as it may be
  drip N SECONDS    N objects, one by one, each with the time when it was sent
  hello [NAME]      a greeting
  fail [-Terminating]  an error record, or a pipeline that fails
  warn TEXT         a warning, and a progress and an information record
  streams           a record on each of the streams beside output
  sleep SECONDS     an object, then nothing until the time is over or a stop
  count             the number of objects in its input
  echo              its input
  ask               what the client's host answers to a choice and to a line
  secret            what the client's host answers where it is asked for a secret
  names             the fields that the client's host answers a prompt with
  login             the credential that the client's host answers with
  several           the choices, of several, that it answers with
  screen            what it says to a server that asks what stands on the screen
  sealed TEXT       TEXT as a secret, under a key that the server asks for
  shout             an event of the pool, then an object

A script is refused as by a runspace without a language, or else read as a line
of one of these commands with its arguments.
"""
import contextlib
import datetime
import hashlib
import queue
import shlex
import struct
import threading
import time
import traceback
import uuid
import xml.etree.ElementTree as ET

import psrpcore
from psrpcore.types import (
    ChoiceDescription, CommandMetadataCount, ErrorCategory, ErrorCategoryInfo, ErrorRecord, FieldDescription, NETException,
    PipelineState, PSCustomObject, PSDateTime, PSGuid, PSInt, PSInt64, PSInvocationState, PSSecureString, PSString, serialize,
)

FRAGMENT = 32768    # bytes of a fragment with its header, at most


class Stopped(Exception):
    """Ends a command that was asked to stop."""


class Command:
    """A pipeline on its way: its psrpcore side, its thread and its outbox."""

    def __init__(self, shell, command_id):
        self.shell = shell
        self.outbox = shell.make_outbox(command_id)
        self.stopping = threading.Event()
        self.started = False
        self.over = threading.Event()    # its thread writes no more
        self.inputs = queue.SimpleQueue()    # each object in a tuple, and None at the end
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
        if answer.ci != call_id:
            raise RuntimeError(f"call {call_id} is answered by {answer}")
        if answer.error:
            raise Refused(answer.error.Exception.Message)
        return answer.result

    def put(self, data):
        """Sends fragments that were made elsewhere."""
        self.outbox.wait_for_room(self.stopping)
        if self.stopping.is_set():
            raise Stopped
        self.outbox.put(data)

    def input(self):
        """The objects of the input as they come."""
        while (item := self.inputs.get()) is not None:
            yield item[0]
        if self.stopping.is_set():
            raise Stopped

    def stop(self):
        self.stopping.set()
        self.inputs.put(None)
        self.answers.put(None)
        self.outbox.wake()

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
        self.over.set()

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
            name, parameters = command.command_text, command.parameters
            if command.is_script and not self.shell.language:
                raise Failure("ScriptsNotAllowed", ErrorCategory.InvalidData, "RemoteException",
                              "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode.")
            if command.is_script:
                if name == "$ExecutionContext.SessionState.LanguageMode":
                    self.write("write_output", "FullLanguage")
                    continue
                name, *words = shlex.split(name)
                parameters = [(w, None) if w.startswith("-") else (None, w) for w in words]
            run = COMMANDS.get(name.lower())
            if run is None:
                raise Failure("CommandNotFoundException", ErrorCategory.ObjectNotFound, "CommandNotFoundException",
                              f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program.", name)
            run(self, *bind(parameters))


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


class Refused(Exception):
    """The client's host answers a call with an error."""


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


def row(i):
    """The i-th object of 20 properties of five types."""
    made = datetime.datetime(2024, 1 + i % 12, 1 + i % 28, i % 24, i % 60, tzinfo=datetime.timezone.utc)
    properties = {}
    for n in range(4):
        properties[f"Name{n}"] = f"User {i:05d}.{n} & Co, K\u00f6ln, user{i:05d}@contoso.example"
        properties[f"Count{n}"] = PSInt(i * 7 + n)
        properties[f"Made{n}"] = PSDateTime(made.year, made.month, made.day, made.hour, made.minute, n, tzinfo=made.tzinfo)
        properties[f"Enabled{n}"] = (i + n) % 3 != 0
        properties[f"Bytes{n}"] = PSInt64(i * 1048576 + n)
    return PSCustomObject(**properties)


class Rows:
    """Objects as the bodies of the messages that carry them, made once."""

    def __init__(self):
        self.bodies = []

    def make(self, count):
        self.bodies = [ET.tostring(serialize(row(i), None), encoding="utf-8") for i in range(count)]

    def fragments(self, pool_id, pipeline_id, first, count):
        """Each object as a whole fragment; first is the first one's object id."""
        head = struct.pack("<II", 1, 0x00041004) + pool_id.bytes_le + pipeline_id.bytes_le
        for n, body in enumerate(self.bodies[:count]):
            yield struct.pack(">QQBI", first + n, 0, 3, len(head) + len(body)) + head + body


ROWS = Rows()


def rows(command, args, named):
    shell = command.shell
    with shell.lock:
        shell.bulk += 1
        first = shell.bulk << 40    # far from the ids that psrpcore counts
    together = command.outbox.changed if "together" in named else contextlib.nullcontext()
    block = bytearray()
    with together:    # nobody takes anything as long as there is room for more
        for fragment in ROWS.fragments(shell.pool.runspace_pool_id, command.pipeline.pipeline_id, first, int(args[0])):
            block += fragment
            if len(block) > 60_000:
                command.put(bytes(block))
                block.clear()
        command.put(bytes(block))


def drip(command, args, named):
    for _ in range(int(args[0])):
        if command.stopping.wait(float(args[1])):
            raise Stopped
        command.write("write_output", PSInt64(time.time_ns()))


def streams(command, args, named):
    command.write("write_debug", "a debug record")
    command.write("write_verbose", "a verbose record")
    command.write("write_warning", "a warning")
    command.write("write_information", "an information record", "streams")
    command.write("write_progress", "progress", 3, "some of it", percent_complete=30)
    command.write("write_error", NETException("an error"), fully_qualified_error_id="Peer.Streams")
    command.write("write_output", "an object")


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
    command.write("write_output", PSInt(sum(1 for _ in command.input())))


def echo(command, args, named):
    for value in command.input():
        command.write("write_output", value)


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


def names(command, args, named):
    fields = [FieldDescription("First", PSString.PSObject.type_names[0]), FieldDescription("Last", PSString.PSObject.type_names[0])]
    answers = command.ask("prompt", "Who", "Two names", fields)
    command.write("write_output", " ".join(f"{k}={v}" for k, v in sorted(answers.items())))


def login(command, args, named):
    credential = command.ask("prompt_for_credential", "Log in", "to the other thing", "ada")
    command.write("write_output", credential.UserName + " " + credential.Password.decrypt())


def several(command, args, named):
    labels = [ChoiceDescription("&" + name, "") for name in ("One", "Two", "Three")]
    command.write("write_output", " ".join(str(n) for n in command.ask("prompt_for_multiple_choice", "Some", "Which?", labels, [0])))


def screen(command, args, named):
    try:
        command.write("write_output", str(command.ask("get_buffer_contents", 0, 0, 10, 10)))
    except Refused as refused:
        command.write("write_output", "refused: " + str(refused))


def sealed(command, args, named):
    with command.shell.lock:
        command.shell.pool.request_key()
        command.shell.route()
    if not command.shell.keyed.wait(30):
        raise Failure("Peer.NoKey", ErrorCategory.OperationTimeout, "TimeoutException", "the client offers no key")
    command.write("write_output", PSSecureString(args[0]))


def shout(command, args, named):
    with command.shell.lock:
        command.shell.pool.send_event(1, "psrpcore", message_data="an event")
        command.shell.route()
    command.write("write_output", "shouted")


SWITCHES = {"terminating", "together"}
COMMANDS = {f.__name__: f for f in (ask, count, drip, echo, emit, fail, hello, login, names, rows, screen, sealed, secret, several, shout, sleep,
                                 streams, warn)}


class Shell:
    """A runspace pool."""

    def __init__(self, make_outbox, language=False):
        self.lock = threading.RLock()    # psrpcore is not made for several threads
        self.pool = psrpcore.ServerRunspacePool()
        self.make_outbox = make_outbox
        self.language = language
        self.outbox = make_outbox(None)
        self.bulk = 0
        self.keyed = threading.Event()    # the client has offered its key
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
            command.started = True
            threading.Thread(target=command.run, daemon=True).start()
        elif isinstance(event, psrpcore.PipelineInputEvent):
            command.inputs.put((event.data,))
        elif isinstance(event, psrpcore.EndOfPipelineInputEvent):
            command.inputs.put(None)
        elif isinstance(event, psrpcore.PipelineHostResponseEvent):
            command.answers.put(event)
        elif isinstance(event, psrpcore.PublicKeyEvent):
            self.keyed.set()
        elif isinstance(event, psrpcore.GetAvailableRunspacesEvent):
            self.pool.runspace_availability_response(event.ci, self.pool.max_runspaces)

    def new_command(self, command_id):
        command = Command(self, command_id)
        with self.lock:
            self.commands[command_id] = command
        return command

    def command(self, command_id):
        with self.lock:
            return self.commands.get(uuid.UUID(command_id))

    def drop(self, command):
        command.stop()
        command.outbox.finish(closed=True)
        with self.lock:
            self.commands.pop(command.pipeline.pipeline_id, None)
            self.pool.pipeline_table.pop(command.pipeline.pipeline_id, None)
