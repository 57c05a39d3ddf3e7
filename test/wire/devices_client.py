"""devices as a Python program speaks it, with Debian's python3-socketio: devices_client.py SCENARIO URL TRANSPORT prints what it saw."""
import json
import os
import queue
import sys
import traceback
import uuid

import socketio

DEADLINE_S = 8
EVENTS = ("query ok", "query failed", "command ok", "command do", "command finish", "command failed", "con ok", "con failed")
TRANSPORTS = {"websocket": ["websocket"], "polling": ["polling"], "upgrade": None}


class Client:
    """A python-socketio client and all that happened to it, in order."""

    def __init__(self, url, transport):
        self.sio = socketio.Client(reconnection=False)
        self.seen = queue.Queue()
        for event in EVENTS:
            self.sio.on(event, self._collector(event))
        self.sio.on("disconnect", lambda: self.seen.put(("disconnect", None)))
        self.sio.connect(url, transports=TRANSPORTS[transport])

    def _collector(self, event):
        def collect(*args):
            self.seen.put((event, args[0] if args else None))

        return collect

    def emit(self, event, *payload):
        self.sio.emit(event, *payload)

    def call(self, event, *payload):
        """Waits for the acknowledgement; None if that has no arguments."""
        return self.sio.call(event, *payload, timeout=DEADLINE_S)

    def next(self, event):
        """The payload of the next event, which must be this one."""
        came, payload = self.seen.get(timeout=DEADLINE_S)
        if came != event:
            raise ValueError(f"{came} {payload} came where {event} was due")
        return payload

    def disconnect(self):
        self.sio.disconnect()


def commands(connect):
    """A user and a monitor: one command is done, one is not."""
    monitor_id = uuid.uuid4().hex
    user, monitor = connect(), connect()
    user.emit("query", {"monitor_id": monitor_id})
    seen = [user.next("query ok")["reason"]]
    monitor.emit("con", {"monitor_id": monitor_id})
    seen.append(monitor.next("con ok")["reason"])
    for command, answer in (("open", ("command done",)), ("close", ("command error", {"reason": "stuck"})), ("ünï", ("command done", {}))):
        user.emit("command send", {"command": command})
        seen.append(user.next("command ok")["reason"])
        seen.append(monitor.next("command do")["command"])
        monitor.emit(*answer)
        seen.append(user.next("command failed" if answer[0] == "command error" else "command finish")["reason"])
    return seen


def calls(connect):
    """Each event with `call`, which returns when the server has acknowledged."""
    monitor_id = uuid.uuid4().hex
    user, monitor = connect(), connect()
    answers = [user.call("query", {"monitor_id": monitor_id}), monitor.call("con", {"monitor_id": monitor_id})]
    answers.append(user.call("command send", {"command": "open"}))
    user.next("query ok")
    user.next("command ok")
    monitor.next("con ok")
    monitor.next("command do")
    # No payload: the acknowledgement must not be taken for one.
    answers.append(monitor.call("command done"))
    return {"answers": answers, "finish": user.next("command finish")["reason"]}


def failures(connect):
    """What fails, and that the server closes after `query failed` and `con failed`."""
    seen = []
    for event in ("query", "con"):
        client = connect()
        client.emit(event, {"monitor_id": "too short"})
        seen.append(client.next(f"{event} failed")["reason"])
        client.next("disconnect")
        client.sio.wait()
        seen.append(client.sio.connected)
    client = connect()
    client.emit("command send", {"command": "too early"})
    seen.append(bool(client.next("command failed")["reason"]))
    client.emit("query", {"monitor_id": uuid.uuid4().hex})
    client.next("query ok")
    client.emit("command send", {"command": ""})
    seen.append(client.next("command failed")["reason"])
    return seen


def away(connect):
    """Commands wait for the monitor and come in order."""
    monitor_id = uuid.uuid4().hex
    user = connect()
    user.emit("query", {"monitor_id": monitor_id})
    user.next("query ok")
    for command in ("a", "b", "c"):
        user.emit("command send", {"command": command})
        user.next("command ok")
    monitor = connect()
    monitor.emit("con", {"monitor_id": monitor_id})
    monitor.next("con ok")
    seen = [monitor.next("command do")["command"] for _ in range(3)]
    monitor.emit("command done")
    return seen + [user.next("command finish")["reason"]]


def main():
    scenario, url, transport = sys.argv[1:]
    clients = []

    def connect():
        clients.append(Client(url, transport))
        return clients[-1]

    print(json.dumps({"commands": commands, "calls": calls, "failures": failures, "away": away}[scenario](connect)), flush=True)
    for client in clients:
        client.disconnect()


if __name__ == "__main__":
    code = 1
    try:
        main()
        code = 0
    except Exception:  # told on stderr, and by the exit code
        traceback.print_exc()
    # The library's threads would keep the process until their long polls end.
    sys.stderr.flush()
    os._exit(code)
