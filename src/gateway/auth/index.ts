/** Who gets in: static tokens and JWTs. */
export { createAuthenticator, type GatewayAuthenticator } from "./authenticator.ts";
export { newToken, type TokenRecord } from "./static-token.ts";
export { changeTokens, readTokens } from "./tokens-file.ts";
