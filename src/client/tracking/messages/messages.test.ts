/** Tracking's messages: what goes out, what comes in, and how it is spelled. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { box } from "../tracking.fixture.ts";
import { type Box, BoxesMessage } from "./boxes-message.ts";
import { FeatureMap } from "./feature-map.ts";
import { JsonNumber } from "./json-number.ts";
import { NewObjectMessage } from "./new-object-message.ts";
import { StartMessage } from "./start-message.ts";
import { StopMessage } from "./stop-message.ts";
import { UpdateMessage } from "./update-message.ts";

/** The finite numbers. */
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const objectId = fc.integer();

/** What Python takes for a float: it has a point or an exponent. */
const isFloatText = (text: string) =>
  /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) && /[.eE]/.test(text);

describe("spelling", () => {
  it.each(["12.0", "12", "-0.50", "1E+2", "1700000000123456789", "0.1e-7"])(
    "a frame id that came as %s goes out so",
    (text) => {
      const start = StartMessage.fromMessage(
        `{ "type":"start", "objectId" : 7, "frameId":\t${text} , "boxId":3}`,
      );
      expect(start.frameId?.value).toBe(Number(text));
      expect(start.toMessage()).toBe(`{"type":"start","objectId":7,"frameId":${text},"boxId":3}`);
      const boxes = BoxesMessage.fromMessage(
        `{"boxes":[],"frameId":${text},"type":"boundingBoxes","cameraId":"a"}`,
      );
      expect(boxes.toMessage()).toBe(
        `{"type":"boundingBoxes","cameraId":"a","frameId":${text},"boxes":[]}`,
      );
    },
  );

  it("a frame id that is a number goes out as JavaScript has it, and a float if it is to be one", () => {
    expect(new BoxesMessage({ frameId: 12, boxes: [] }).toMessage()).toBe(
      '{"type":"boundingBoxes","frameId":12,"boxes":[]}',
    );
    expect(new BoxesMessage({ frameId: JsonNumber.float(12), boxes: [] }).toMessage()).toContain(
      '"frameId":12.0,',
    );
    fc.assert(
      fc.property(
        finite,
        (value) =>
          isFloatText(JsonNumber.float(value).text) && JsonNumber.float(value).value === value + 0,
      ),
    );
  });

  it("every number of a feature map is spelled as a float, and is the same number", () => {
    expect(
      new UpdateMessage({ objectId: 1, featureMap: [0.25, 3, -1, 1e21, 1e-7] }).toMessage(),
    ).toBe('{"type":"featureMap","objectId":1,"featureMap":[0.25,3.0,-1.0,1e+21,1e-7]}');
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1 }), (floats) => {
        const { text } = FeatureMap.of(floats);
        expect(text.slice(1, -1).split(",").every(isFloatText)).toBe(true);
        expect(JSON.parse(text)).toEqual(floats.map((float) => float + 0));
      }),
    );
  });

  it.each(["[1.0, 3.50,1E2]", "{}", "[[1.0],2.0]", '"x"', "null", "[1.0, NaN, -Infinity]"])(
    "a feature map that came as %s goes out so",
    (text) => {
      const message = `{"type":"featureMap","objectId":1,"featureMap":${text}}`;
      expect(UpdateMessage.fromMessage(message).toMessage()).toBe(message);
    },
  );

  it("numbers of a map are read, Python's NaN too, and other maps have none", () => {
    expect(new FeatureMap("[1.0,NaN,-Infinity,Infinity]").floats).toEqual([
      1,
      Number.NaN,
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ]);
    expect(JSON.stringify(new FeatureMap("[1.0,NaN]"))).toBe("[1,null]");
    for (const text of ["{}", '["1"]', "[[1]]", "null"])
      expect(new FeatureMap(text).floats).toBeUndefined();
  });
});

describe("there and back", () => {
  it("boxes", () => {
    const boxes: fc.Arbitrary<Box> = fc.record(
      {
        boxId: objectId,
        rect: fc.tuple(fraction, fraction, fraction, fraction),
        objectType: fc.string(),
        certainty: fraction,
        objectId,
      },
      { requiredKeys: ["boxId", "rect", "objectType", "certainty"] },
    );
    fc.assert(
      fc.property(finite, fc.array(boxes), (frameId, list) => {
        const back = BoxesMessage.fromMessage(
          new BoxesMessage({ frameId, boxes: list }).toMessage(),
        );
        expect(back.frameId.value).toBe(frameId + 0);
        // JSON has no -0.
        expect(back.boxes).toEqual(JSON.parse(JSON.stringify(list)));
      }),
    );
  });

  it("start, stop and newObject", () => {
    fc.assert(
      fc.property(objectId, finite, objectId, fc.string(), (id, frameId, boxId, image) => {
        for (const message of [
          new StartMessage({ objectId: id, frameId, boxId }),
          new StartMessage({ objectId: id, image }),
          new StartMessage({ objectId: id, frameId, boxId, image }),
        ]) {
          expect(StartMessage.fromMessage(message.toMessage())).toEqual(message);
        }
        expect(StopMessage.fromMessage(new StopMessage({ objectId: id }).toMessage())).toEqual(
          new StopMessage({ objectId: id }),
        );
        for (const message of [
          new NewObjectMessage({ objectId: id, image }),
          new NewObjectMessage({ objectId: id }),
        ]) {
          expect(NewObjectMessage.fromMessage(message.toMessage())).toEqual(message);
        }
      }),
    );
  });

  it("unknown fields of a message are ignored, those of a box are kept", () => {
    expect(StopMessage.fromMessage('{"type":"stop","objectId":1,"why":"x"}')).toEqual(
      new StopMessage({ objectId: 1 }),
    );
    const message = `{"type":"boundingBoxes","frameId":1,"boxes":[${JSON.stringify({ ...box(1), colour: "red" })}]}`;
    expect(BoxesMessage.fromMessage(message).boxes).toEqual([{ ...box(1), colour: "red" }]);
  });

  it("null in a box is the NaN that a processor printed, and a box may reach over the edge", () => {
    const boxes = '[{"boxId":1,"rect":[-0.01,null,1.5,1],"objectType":"person","certainty":null}]';
    const [read] = BoxesMessage.fromMessage(
      `{"type":"boundingBoxes","frameId":1,"boxes":${boxes}}`,
    ).boxes;
    expect(read).toEqual({
      boxId: 1,
      rect: [-0.01, Number.NaN, 1.5, 1],
      objectType: "person",
      certainty: Number.NaN,
    });
  });
});

describe("what is wrong is named, with its value and what to do", () => {
  const from = (text: string) => () => BoxesMessage.fromMessage(text);
  /** As a program without types would. */
  const boxes =
    (...list: readonly object[]) =>
    () =>
      new BoxesMessage({ frameId: 1, boxes: list as readonly Box[] });
  it.each([
    [
      "boundingBoxes.boxes[1].rect is [0,1]: expected [left, top",
      boxes(box(1), { ...box(2), rect: [0, 1] }),
    ],
    [
      "boundingBoxes.boxes[0].rect is [0,0,640,480]: expected [left, top, right, bottom], four numbers from 0 to 1: fractions",
      boxes({ ...box(1), rect: [0, 0, 640, 480] }),
    ],
    [
      "boundingBoxes.boxes[0].certainty is 87: expected a number from 0 to 1",
      boxes({ ...box(1), certainty: 87 }),
    ],
    ["boundingBoxes.boxes[0].certainty is NaN", boxes({ ...box(1), certainty: Number.NaN })],
    ["boundingBoxes.boxes[0].boxId is 1.5: expected an integer", boxes({ ...box(1), boxId: 1.5 })],
    [
      'boundingBoxes.boxes[0].objectId is "7": expected an integer',
      boxes({ ...box(1), objectId: "7" }),
    ],
    [
      "boundingBoxes.boxes[0].objectType is missing: expected a string",
      boxes({ boxId: 1, rect: [0, 0, 1, 1], certainty: 1 }),
    ],
    [
      "boundingBoxes.frameId is NaN: expected a finite number",
      () => new BoxesMessage({ frameId: Number.NaN, boxes: [] }),
    ],
    [
      "boundingBoxes.frameId is missing: expected a number",
      from('{"type":"boundingBoxes","boxes":[]}'),
    ],
    [
      'boundingBoxes.frameId is "1": expected a number',
      from('{"type":"boundingBoxes","frameId":"1","boxes":[]}'),
    ],
    [
      "boundingBoxes.boxes is {}: expected a list",
      from('{"type":"boundingBoxes","frameId":1,"boxes":{}}'),
    ],
    [
      "boundingBoxes.boxes[0] is 5: expected {boxId",
      from('{"type":"boundingBoxes","frameId":1,"boxes":[5]}'),
    ],
    [
      "boundingBoxes.boxes[0].boxId is missing: expected an integer",
      from('{"type":"boundingBoxes","frameId":1,"boxes":[{}]}'),
    ],
    ['type is "stop": expected boundingBoxes', from('{"type":"stop","objectId":1}')],
    ["a message is [1]: send a JSON object", from("[1]")],
    [
      "start.image is missing: give image, or both frameId and boxId",
      () => new StartMessage({ objectId: 1, frameId: 1 }),
    ],
    [
      "start.image is 5: expected a string",
      () => StartMessage.fromMessage('{"type":"start","objectId":1,"image":5}'),
    ],
    [
      "start.objectId is missing: expected an integer",
      () => StartMessage.fromMessage('{"type":"start","image":"x"}'),
    ],
    [
      'stop.objectId is "1": expected an integer',
      () => StopMessage.fromMessage('{"type":"stop","objectId":"1"}'),
    ],
    [
      "newObject.objectId is null: expected an integer",
      () => NewObjectMessage.fromMessage('{"type":"newObject","objectId":null}'),
    ],
    [
      "featureMap is []: give at least one number",
      () => new UpdateMessage({ objectId: 1, featureMap: [] }),
    ],
    [
      "featureMap is []: give at least one number",
      () => UpdateMessage.fromMessage('{"type":"featureMap","objectId":1,"featureMap":[ ]}'),
    ],
    [
      "featureMap.featureMap is missing",
      () => UpdateMessage.fromMessage('{"type":"featureMap","objectId":1}'),
    ],
    ["featureMap[1] is NaN: give a finite number", () => FeatureMap.of([1, Number.NaN])],
    ['a number is "1.": give the text of a JSON number', () => new JsonNumber("1.")],
    ['featureMap is "[1": give the text of a JSON value', () => new FeatureMap("[1")],
  ])("%s", (message, make) => {
    expect(make).toThrow(
      expect.objectContaining({ code: "bad_message", message: expect.stringContaining(message) }),
    );
  });

  it("what is no JSON is bad_json", () => {
    expect(from("frame")).toThrow(
      expect.objectContaining({
        code: "bad_json",
        message: expect.stringContaining("frame is not JSON"),
      }),
    );
  });
});
