/** What the pages of the browser tests are given, as an application's bundler would make it. */
import * as client from "switchboard/client";
import * as crowd from "switchboard/client/crowd";
import * as devices from "switchboard/client/devices";
import * as experiments from "switchboard/client/experiments";
import * as indexedDb from "switchboard/client/indexeddb-store";
import * as lobby from "switchboard/client/lobby";
import * as tracking from "switchboard/client/tracking";

export { client, crowd, devices, experiments, indexedDb, lobby, tracking };
