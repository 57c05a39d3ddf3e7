/** The tracking's contract: interfaces watch cameras and have objects tracked, camera processors look for them. */
import { z } from "zod";
import { defineContract, namedBy, parseLenient } from "../../contract/index.ts";

/** Most cameras that a client may name. */
const maxCameraIds = 1000;

/** Most boxes in a frame. */
const maxBoxes = 100_000;

/** More than any frame has: how long an image may be, `services.tracking.maxImageLength` says. */
const maxImageLength = 1 << 28;

/** Longest token, and longest id in an address. */
const maxTokenLength = 1 << 16;
const maxIdLength = 1000;

const cameraId = z.string().max(maxIdLength).describe("The id of the camera's processor");
const objectId = z.number();
const frameId = z.number().describe("Relayed in its own spelling: 1.0 stays 1.0");
const boxId = z.number();
/** What is relayed by its own text. */
const raw = z.unknown();

/** Any value but none, and `[]`, on which the Python client's handler throws. */
const featureMap = z
  .unknown()
  .refine((map) => map !== undefined && !(Array.isArray(map) && map.length === 0), {
    error: "expected any value but an empty list",
  });

const jwtFields = {
  jwt: z.string().max(maxTokenLength).describe("A token with the role of this endpoint"),
};

const client = ["tracking.client"];
const processor = ["tracking.processor"];

export const trackingContract = defineContract({
  name: "tracking",
  doc: "Interfaces watch cameras and have objects tracked; camera processors look for them. Two endpoints: clients and processors.",
  transport: "websocket",
  paths: ["/client", "/tracking/client", "/processor", "/tracking/processor"],
  // Python prints NaN as a bare word: what is only relayed keeps it, so handlers get the text as it came.
  codec: {
    ...namedBy("type"),
    parse: (text) => ({ json: parseLenient(text).json, text }),
    large: { lenient: true },
  },
  auth: "message",
  in: {
    authenticate: {
      roles: "open",
      doc: "With auth on, before everything else; with auth off it is ignored. A bad token closes.",
      schema: z.object(jwtFields),
      errors: ["unauthenticated", "forbidden"],
    },
    start: {
      roles: client,
      doc: "Client: has a new object tracked, that of a box in a frame or that of an image. Of an unknown camera nothing is created.",
      schema: z
        .object({
          cameraId,
          image: z.exactOptional(z.string().max(maxImageLength)),
          frameId: z.exactOptional(frameId),
          boxId: z.exactOptional(boxId),
        })
        .refine(
          ({ image, frameId, boxId }) =>
            image !== undefined || (frameId !== undefined && boxId !== undefined),
          {
            error: "expected image, or both frameId and boxId",
          },
        ),
      errors: ["not_found", "too_large", "over_capacity"],
    },
    stop: {
      roles: client,
      doc: "Client: forgets an object.",
      schema: z.object({ objectId }),
      errors: ["not_found"],
    },
    setUsesImages: {
      roles: client,
      doc: "Client: whether it wants `newObject` and `stop`; on true it is told at once of each current object that has an image.",
      schema: z.object({ usesImages: z.boolean() }),
    },
    cameras: {
      roles: client,
      doc: "Client: wants the boxes of these cameras only; the next such message replaces them.",
      schema: z.object({ cameraIds: z.array(cameraId).max(maxCameraIds) }),
    },
    identifier: {
      roles: processor,
      doc: "Processor: says which camera it has; who had that id before is closed with 4409. Answered with each object's feature map.",
      schema: z.object({ id: cameraId }),
      errors: ["over_capacity"],
    },
    boundingBoxes: {
      roles: processor,
      doc: "Processor: the boxes in a frame. A box with the objectId of a tracked object is a spotting of it.",
      schema: z.object({ frameId, boxes: z.array(z.unknown()).max(maxBoxes) }),
      errors: ["wrong_state", "too_large"],
    },
    featureMap: {
      roles: processor,
      doc: "Processor: what an object looks like, for all processors. Of an unknown object nothing is kept.",
      schema: z.object({ objectId, featureMap }),
      errors: ["not_found", "too_large", "over_capacity"],
    },
  },
  out: {
    boundingBoxes: {
      doc: "To clients: the boxes in a camera's frame, as they came.",
      delivery: "latest",
      key: (payload) => (payload as { readonly cameraId: string }).cameraId,
      schema: z.object({ cameraId, frameId: raw, boxes: raw }),
    },
    newObject: {
      doc: "To clients that use images: an object is tracked now.",
      delivery: "all",
      schema: z.object({ objectId, image: z.exactOptional(raw) }),
    },
    start: {
      doc: "To the camera's processor: look for this object; with the fields that the client gave.",
      delivery: "all",
      schema: z.object({
        objectId,
        frameId: z.exactOptional(raw),
        boxId: z.exactOptional(raw),
        image: z.exactOptional(raw),
      }),
    },
    stop: {
      doc: "To all processors and to clients that use images: the object is tracked no more.",
      delivery: "all",
      schema: z.object({ objectId }),
    },
    featureMap: {
      doc: "To all processors: what an object looks like; `{}` where none has said so yet.",
      delivery: "all",
      schema: z.object({ objectId, featureMap: raw }),
    },
  },
  routes: {
    timelines: {
      method: "GET",
      path: "/timelines",
      doc: "When and by which processor an object was seen, in the server's local time; 400 with a text if it never was.",
      params: z.object({ objectId: z.string().max(maxIdLength).optional() }),
      roles: "open",
      errors: ["unauthenticated", "forbidden"],
    },
    objectIds: {
      method: "GET",
      path: "/objectIds",
      doc: "Every object id there ever was.",
      params: z.object({}),
      roles: "open",
      errors: ["unauthenticated", "forbidden"],
    },
    cameras: {
      method: "GET",
      path: "/tracking/cameras",
      doc: "The cameras whose processors are connected, by id: since when, in ms since 1970.",
      params: z.object({}),
      roles: [...client, ...processor],
      errors: ["unauthenticated", "forbidden"],
    },
  },
  roles: {
    "tracking.client":
      "may watch all cameras and have objects tracked (another name: services.tracking.clientRole)",
    "tracking.processor":
      "may be any camera's processor (another name: services.tracking.processorRole)",
  },
  // An image and some feature maps may wait for one slow connection.
  limits: { maxFrameBytes: 16 << 20, maxQueueBytes: 64 << 20 },
});

/** The contract's type, for the service's parts. */
export type TrackingContract = typeof trackingContract;
