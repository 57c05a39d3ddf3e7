/** How long a command that sends something waits for the server. */
export const openWithinMs = 10_000;
