/** Downloads: through a request of the page, since a link cannot carry the token. */
import { RequestError } from "../../session/request-error.ts";

/** Saves an answer as a file. Rejects with a RequestError, whose message is for a person. */
export async function download(
  url: string,
  token: string | undefined,
  name: string,
): Promise<void> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  let blob: Blob;
  try {
    const response = await fetch(url, { headers });
    if (!response.ok)
      throw new RequestError(
        response.status,
        "unexpected_answer",
        `The server answered ${response.status}: there is no file.`,
      );
    blob = await response.blob();
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw new RequestError(
      0,
      "unreachable",
      "The server does not answer. Is it running, and is the network up?",
      { cause: error },
    );
  }
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken hold of it by then.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
