"""experiments as a Python program speaks it, with Debian's python3-websockets: experiments_client.py SCENARIO WS_ROOT HTTP_ROOT prints what it saw."""
import asyncio
import json
import sys
import urllib.request
import uuid

import websockets

DEADLINE_S = 8
CHAIN = "chain_default"


def post(http_root, xid, payload):
    """As the SDK does, which sends what `json.dumps` prints, and no Content-Type of JSON."""
    body = json.dumps({"payload": payload}).encode()
    request = urllib.request.Request(f"{http_root}/api/object/{xid}", data=body, headers={"Authorization": "bearer any"})
    with urllib.request.urlopen(request, timeout=DEADLINE_S) as response:
        return json.load(response)


def samples(variables, first, last):
    logs = {"vars": {CHAIN: variables}, "iteration": {CHAIN: [first, last, 17000000000000000000]}}
    return {"object_type": "experiment.protobuf_message", "logs": logs, "batch_id": "b", "run_id": "r"}


def text(xid, message):
    data = {"group": f"object_{xid}", "type": "object_broadcast", "message": message}
    return {"object_type": "experiment.text_message", "datas": [data]}


async def receive(socket):
    return json.loads(await asyncio.wait_for(socket.recv(), DEADLINE_S))


def of(names):
    return [{"chain": CHAIN, "variables": names}]


async def script(ws_root, http_root):
    """The steps of the document: authorization, log, names, subscription, its data, unsubscription."""
    xid = f"E{uuid.uuid4().hex[:8]}"
    post(http_root, xid, text(xid, {"action": "experiment:output", "data": "line 1\nline 2\n"}))
    post(http_root, xid, samples({"a/val": [1.0, 2.5, float("nan")], "b/val": [1e-7, 3.0, float("-inf")]}, 1, 3))
    msg_auth = {"action": "authorization", "token": "any", "version": "1.0"}
    msg_sub = {"action": "subscribe", "data": of(["a/val"])}
    msg_unsub = {"action": "unsubscribe", "data": of(["a/val"])}
    async with websockets.connect(f"{ws_root}/mcmc/ws/sub/object/{xid}") as socket:
        await socket.send(json.dumps(msg_auth))
        seen = [await receive(socket), await receive(socket)]
        await socket.send(json.dumps(msg_sub))
        seen.append(await receive(socket))
        kinds = [type(value).__name__ for value in seen[-1]["message"]["data"][0]["data"]["a/val"]]
        await socket.send(json.dumps(msg_unsub))
    return {"seen": seen, "kinds": kinds}


async def empty(ws_root, _):
    """Before anything was published."""
    async with websockets.connect(f"{ws_root}/mcmc/ws/sub/object/E{uuid.uuid4().hex[:8]}") as socket:
        await socket.send(json.dumps({"type": "authorization", "token": "any", "version": "1.0"}))
        return [await receive(socket), await receive(socket)]


async def long(ws_root, http_root):
    """Far more than a frame may have in this library: 2 MiB of log, 4 MiB of samples."""
    xid = f"E{uuid.uuid4().hex[:8]}"
    line = "x" * 1023 + "\n"
    post(http_root, xid, text(xid, {"action": "experiment:output", "data": line * 2048}))
    values = [index + 0.123456789 for index in range(200_000)]
    post(http_root, xid, samples({"a/val": values}, 1, len(values)))
    async with websockets.connect(f"{ws_root}/mcmc/ws/sub/object/{xid}") as socket:
        await socket.send(json.dumps({"action": "authorization", "token": "any", "version": "1.0"}))
        log, got, order = "", [], []
        while len(log) < len(line) * 2048 or "names" not in order:
            message = (await receive(socket))["message"]
            order.append(message["action"])
            if message["action"] == "experiment:output":
                log += message["data"]
        await socket.send(json.dumps({"action": "subscribe", "data": of(["a/val"])}))
        while len(got) < len(values):
            got += (await receive(socket))["message"]["data"][0]["data"]["a/val"]
    return {"order": order[:3], "log": log == line * 2048, "samples": got == values}


async def publisher(ws_root, http_root):
    """A WebSocket publisher, and a subscriber that reads until the end."""
    xid = f"E{uuid.uuid4().hex[:8]}"
    async with websockets.connect(f"{ws_root}/mcmc/ws/sub/object/{xid}") as socket:
        await socket.send(json.dumps({"action": "authorization", "token": "any", "version": "1.0"}))
        await socket.send(json.dumps({"action": "subscribe", "data": of(["a/val"])}))
        async with websockets.connect(f"{ws_root}/mcmc/ws/pub/object/{xid}") as out:
            for index in range(50):
                data = {"message": "a", "data": [{"a/val": float(index)}], "step": index}
                await out.send(json.dumps({"action": "experiment:event", "data": data}))
            await out.send(json.dumps({"action": "experiment:control", "data": "finish"}))
            echo = await receive(out)
        got, actions = [], set()
        while "experiment:finish" not in actions:
            message = (await receive(socket))["message"]
            actions.add(message["action"])
            if message["action"] == "experiment:event":
                got += message["data"][0]["data"]["a/val"]
    return {"echo": echo, "samples": got == [float(index) for index in range(50)], "floats": all(isinstance(value, float) for value in got)}


if __name__ == "__main__":
    scenarios = {"script": script, "empty": empty, "long": long, "publisher": publisher}
    print(json.dumps(asyncio.run(scenarios[sys.argv[1]](*sys.argv[2:]))))
