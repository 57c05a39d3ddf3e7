/** For tests: a Switchboard that wants tokens, and whoever signs them. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportSPKI, generateKeyPair, SignJWT } from "jose";
import { TestServer } from "../../testing/index.ts";

/** Its tokens are good for `seconds` (and the five seconds of grace for clocks that differ). */
export interface ServerWithAuth {
  readonly server: TestServer;
  token(role: string, seconds?: number): Promise<string>;
}

/** `tracking`: that part of the config. */
export async function startWithAuth(tracking: object = {}): Promise<ServerWithAuth> {
  const { privateKey, publicKey } = await generateKeyPair("RS256");
  const folder = await mkdtemp(join(tmpdir(), "switchboard-key-"));
  try {
    const publicKeyFile = join(folder, "public.pem");
    await writeFile(publicKeyFile, await exportSPKI(publicKey));
    const server = await TestServer.start({
      config: { auth: { enabled: true, jwt: { publicKeyFile } }, services: { tracking } },
    });
    let number = 0;
    return {
      server,
      token: (role, seconds = 300) =>
        new SignJWT({ sub: "dan", roles: [role], jti: String(number++) })
          .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
          .setProtectedHeader({ alg: "RS256" })
          .sign(privateKey),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
