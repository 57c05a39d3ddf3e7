/** What the numbers of the overview mean. */
const words: readonly (readonly [string, string])[] = [
  ["Connected", "Clients with an open connection to the service now, on all nodes."],
  [
    "Messages in, out",
    "Whole messages a second, received and written to sockets; one message to ten clients is ten out. Lines: the last minute.",
  ],
  [
    "Queued",
    "Bytes that the server holds for clients that read too slowly. It is bounded for each: limits.maxQueueBytes.",
  ],
  [
    "Slow clients",
    "Clients for which bytes wait. A moment of it is normal; one that stays is in the list, with a link to look at its frames.",
  ],
  [
    "Skipped",
    "Messages of which only the newest matters, and which a slow client did not get because a newer one had replaced them.",
  ],
  [
    "Errors",
    "Messages and requests that were refused, since the node's start; the table has their codes.",
  ],
  [
    "Event loop late by",
    "How long the process took to get to what was due. Every client waits that long.",
  ],
  [
    "Stale",
    "A node reports every second. Numbers that are older than 4 s are faded: they were true then, and nothing newer is known.",
  ],
];

export function Glossary() {
  return (
    <details className="glossary">
      <summary>What these numbers mean</summary>
      <dl>
        {words.map(([word, meaning]) => (
          <div key={word}>
            <dt>{word}</dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
