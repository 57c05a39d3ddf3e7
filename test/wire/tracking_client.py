"""tracking as the processor's Python client speaks it, with Debian's Tornado: tracking_client.py SCENARIO WS_URL HTTP_URL prints what it saw as JSON."""
import asyncio
import json
import sys
import uuid

from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import websocket_connect

DEADLINE_S = 8


class Socket:
    """A connection whose handler does what the unmodified client's does: it throws on what it does not expect."""

    def __init__(self, connection):
        self.connection = connection

    @classmethod
    async def open(cls, url):
        return cls(await websocket_connect(url))

    async def say(self, **message):
        await self.connection.write_message(json.dumps(message))

    async def frame(self):
        """The next frame, which must be text; None when the connection has ended."""
        got = await asyncio.wait_for(self.connection.read_message(), DEADLINE_S)
        if got is not None and not isinstance(got, str):
            raise TypeError(f"a binary frame came: {got!r}")
        return got

    async def message(self, kind):
        """The next message, which must be of this type."""
        message = json.loads(await self.frame())
        if message["type"] != kind:
            raise ValueError(f"{kind} was due, this came: {message}")
        return message

    async def feature_map(self):
        """As the client's handler: it takes a list whose last element is a float, drops another, and throws on []."""
        message = await self.message("featureMap")
        feature_map = message["featureMap"]
        if isinstance(feature_map, list) and not isinstance(feature_map[-1], float):
            raise TypeError(f"dropped: {feature_map}")
        return message

    async def start(self):
        """As the client's handler: the frame id must be a float where the camera's are."""
        message = await self.message("start")
        if not isinstance(message["frameId"], float):
            raise TypeError(f"dropped: {message}")
        return message

    async def close(self):
        self.connection.close(1000)
        while await self.frame() is not None:
            pass
        return self.connection.close_code


async def tracked(url, http):
    """A camera sends boxes, an interface has one of them tracked, as a browser prints numbers; another camera finds it again."""
    name = str(uuid.uuid4())
    camera, other, interface = await Socket.open(f"{url}/processor"), await Socket.open(f"{url}/processor"), await Socket.open(f"{url}/client")
    await camera.say(type="identifier", id=name)
    await other.say(type="identifier", id=f"{name} other")
    box = {"boxId": 1, "rect": [0.0, 1e-7, 0.5, 1.0], "objectType": "person", "certainty": 1.0}
    await camera.say(type="boundingBoxes", frameId=12.0, boxes=[box])
    seen = await interface.message("boundingBoxes")
    kept = isinstance(seen["frameId"], float) and seen["boxes"] == [box] and isinstance(seen["boxes"][0]["rect"][0], float)
    # A browser has read 12.0 and prints 12.
    await interface.say(type="start", cameraId=name, frameId=int(seen["frameId"]), boxId=1)
    started = await camera.start()
    object_id = started["objectId"]
    await camera.say(type="featureMap", objectId=object_id, featureMap=[0.25, 3.0])
    maps = [(await socket.feature_map())["featureMap"] for socket in (camera, other)]
    await other.say(type="boundingBoxes", frameId=2.0, boxes=[{**box, "objectId": object_id}])
    await interface.message("boundingBoxes")
    answer = await AsyncHTTPClient().fetch(f"{http}/timelines?objectId={object_id}")
    timeline = json.loads(answer.body)["data"]
    await interface.say(type="stop", objectId=object_id)
    stopped = [(await socket.message("stop"))["objectId"] == object_id for socket in (camera, other)]
    closes = [await socket.close() for socket in (camera, other, interface)]
    return {
        "kept": kept,
        "start": {key: value for key, value in started.items() if key != "objectId"},
        "maps": maps,
        "seenBy": [entry["processorId"] == f"{name} other" for entry in timeline],
        "stopped": stopped,
        "closes": closes,
    }


async def nan(url, _http):
    """Python prints NaN as a bare word, and reads it again."""
    name = str(uuid.uuid4())
    camera, interface = await Socket.open(f"{url}/processor"), await Socket.open(f"{url}/client")
    await camera.say(type="identifier", id=name)
    await camera.say(type="boundingBoxes", frameId=1.0, boxes=[{"boxId": 1, "certainty": float("nan")}])
    boxes = (await interface.message("boundingBoxes"))["boxes"]
    await interface.say(type="start", cameraId=name, frameId=1, boxId=1)
    object_id = (await camera.start())["objectId"]
    await camera.say(type="featureMap", objectId=object_id, featureMap=[1.0, float("nan"), float("-inf")])
    feature_map = (await camera.feature_map())["featureMap"]
    await interface.say(type="stop", objectId=object_id)
    await camera.message("stop")
    for socket in (camera, interface):
        await socket.close()
    return {"boxes": boxes, "featureMap": [str(value) for value in feature_map]}


async def empty(url, _http):
    """A map of no features goes to nobody: it would throw in the handler. A newcomer gets {} in its place."""
    name = str(uuid.uuid4())
    camera, interface = await Socket.open(f"{url}/processor"), await Socket.open(f"{url}/client")
    await camera.say(type="identifier", id=name)
    await camera.say(type="boundingBoxes", frameId=1.0, boxes=[])
    await interface.message("boundingBoxes")
    await interface.say(type="start", cameraId=name, frameId=1, boxId=1)
    object_id = (await camera.start())["objectId"]
    await camera.say(type="featureMap", objectId=object_id, featureMap=[])
    newcomer = await Socket.open(f"{url}/processor")
    await newcomer.say(type="identifier", id=f"{name} newcomer")
    greeting = await newcomer.feature_map()
    await interface.say(type="stop", objectId=object_id)
    next_type = [json.loads(await socket.frame())["type"] for socket in (camera, newcomer)]
    for socket in (camera, newcomer, interface):
        await socket.close()
    return {"greeting": greeting["featureMap"], "same": greeting["objectId"] == object_id, "next": next_type}


async def replaced(url, _http):
    """A camera that comes again ends its old connection."""
    name = str(uuid.uuid4())
    first = await Socket.open(f"{url}/processor")
    await first.say(type="identifier", id=name)
    second = await Socket.open(f"{url}/processor")
    await second.say(type="identifier", id=name)
    ended = await first.frame()
    return [ended, first.connection.close_code, await second.close()]


if __name__ == "__main__":
    scenarios = {"tracked": tracked, "nan": nan, "empty": empty, "replaced": replaced}
    print(json.dumps(asyncio.run(scenarios[sys.argv[1]](sys.argv[2], sys.argv[3]))))
