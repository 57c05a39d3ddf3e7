/** What the admin's parts are handed. */
import type { ServiceContext } from "../../kit/index.ts";
import type { AdminConfig } from "./config.ts";
import { adminContract } from "./contract.ts";

export const adminName: string = adminContract.name;

export type AdminContext = ServiceContext<typeof adminContract, AdminConfig>;
