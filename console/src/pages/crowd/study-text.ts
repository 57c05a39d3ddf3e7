/** A study as a person hands it in: the text of a JSON file. Pure. */
import { messageOf } from "../../parts/message-of.ts";

/** What goes to the server, which judges it; or what is wrong already. */
export type ReadStudy =
  | { readonly body: Readonly<Record<string, unknown>>; readonly sentences: number }
  | { readonly problem: string };

/** Reads an object with `sentences`, or a bare list of sentences. `id`, if it is not empty, is the study's, whatever the text says. */
export function readStudy(text: string, id: string): ReadStudy {
  if (text.trim() === "") return { problem: "Choose a file, or paste its text" };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { problem: `This is not JSON: ${messageOf(error)}` };
  }
  const study = Array.isArray(json) ? { sentences: json } : json;
  if (typeof study !== "object" || study === null)
    return { problem: 'Expected an object such as {"sentences": […]}, or a list of sentences' };
  if (!("sentences" in study) || !Array.isArray(study.sentences))
    return { problem: 'The list "sentences" is missing' };
  const { length } = study.sentences;
  return { body: { ...study, ...(id.trim() === "" ? {} : { id: id.trim() }) }, sentences: length };
}

/** A small study, to begin with. */
export const exampleStudy = `{
  "max_cads": 2,
  "sentences_per_ranking": 2,
  "rankings_per_original": 1,
  "sentences": [
    { "original_id": "1", "original": "A man is walking his dog in the park.", "cads": [] },
    { "original_id": "2", "original": "Two women are talking at a table.", "cads": ["Two women are silent at a table."] }
  ]
}
`;
