"""lobby as a Python program speaks it, with Debian's python3-websockets: lobby_client.py SCENARIO URL prints what it saw as JSON."""
import asyncio
import json
import sys
import uuid

import websockets

DEADLINE_S = 8


async def frame(socket):
    """The next frame; it must be text."""
    got = await asyncio.wait_for(socket.recv(), DEADLINE_S)
    if not isinstance(got, str):
        raise TypeError(f"a binary frame came: {got!r}")
    return got


async def users(socket):
    message = json.loads(await frame(socket))
    if message["type"] != "update":
        raise ValueError(f"an update was due, this came: {message}")
    return message["users"]


async def opened(url, first):
    socket = await websockets.connect(url)
    await socket.send(json.dumps(first))
    return socket


async def close_of(socket):
    await asyncio.wait_for(socket.wait_closed(), DEADLINE_S)
    return [socket.close_code, socket.close_reason]


async def waiting(url):
    """Two players join, the second starts, the first leaves."""
    lobby = str(uuid.uuid4())
    first = {"type": "wait_start", "lobby_id": lobby, "prompt_id": 5}
    dan = await opened(url, {**first, "user": "dan"})
    seen = [["dan", await users(dan)]]
    again = await opened(url, {**first, "user": "dan"})
    seen.append(["again", await users(again)])
    seen.append(["dan", await users(dan)])
    await again.send(json.dumps({"type": "start", "lobby_id": lobby, "prompt_id": 5}))
    for name, socket in (("dan", dan), ("again", again)):
        seen.append([name, json.loads(await frame(socket))["type"]])
    await dan.close()
    seen.append(["again", await users(again)])
    await again.close()
    return seen


async def numbers(url):
    """The document's own example: ids are integers."""
    lobby = uuid.uuid4().int % 10**9
    dan = await opened(url, {"type": "wait_start", "user": "dan", "lobby_id": lobby, "prompt_id": 5})
    await users(dan)
    eve = await opened(url, {"type": "wait_start", "user": "eve", "lobby_id": str(lobby), "prompt_id": "5"})
    seen = await users(eve)
    await dan.close()
    await eve.close()
    return seen


async def leaderboard(url):
    """A viewer is refreshed by a program that sends its signal and closes at once; one that waits is closed by the server."""
    board = {"lobby_id": str(uuid.uuid4()), "prompt_id": 5}
    viewer = await opened(url, {"type": "leaderboard", **board})
    # Nothing says when the viewer is there: signal until it hears of one.
    heard = asyncio.ensure_future(frame(viewer))
    while not heard.done():
        sender = await opened(url, {"type": "leaderboard_update", **board})
        await sender.close()
    waiting_sender = await opened(url, {"type": "leaderboard_update", **board})
    result = {"heard": await heard, "close": await close_of(waiting_sender)}
    await viewer.close()
    return result


async def prompts(url):
    """Each viewer hears the other's signal and its own."""
    lobby = str(uuid.uuid4())
    first = {"type": "lobby_prompts", "lobby_id": lobby}
    dan = await opened(url, first)
    await dan.send(json.dumps({"type": "lobby_prompts_update"}))
    seen = [["dan", await frame(dan)]]
    eve = await opened(url, first)
    await eve.send(json.dumps({"type": "lobby_prompts_update"}))
    seen += [["dan", await frame(dan)], ["eve", await frame(eve)]]
    await dan.close()
    await eve.close()
    return seen


async def invalid(url):
    """First messages that open nothing, and a binary frame."""
    closes = []
    for first in ("no JSON", "[]", '{"type": "nonsense"}', '{"type": "wait_start", "user": "dan"}', b'{"type": "start"}'):
        socket = await websockets.connect(url)
        await socket.send(first)
        closes.append(await close_of(socket))
    return closes


async def alive(url):
    """The server answers a ping, and this client's library answers the server's."""
    socket = await websockets.connect(url, ping_interval=0.1, ping_timeout=DEADLINE_S)
    await asyncio.wait_for(await socket.ping(), DEADLINE_S)
    await socket.close()
    return socket.close_code


if __name__ == "__main__":
    scenarios = {"waiting": waiting, "numbers": numbers, "leaderboard": leaderboard, "prompts": prompts, "invalid": invalid, "alive": alive}
    print(json.dumps(asyncio.run(scenarios[sys.argv[1]](sys.argv[2]))))
