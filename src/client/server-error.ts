/** What Switchboard says to a client that asked to be told of its errors. */

/** The server did not do what a message asked for. */
export interface ServerError {
  /** As in the table of error codes; a newer server may have others. */
  readonly code: string;
  readonly message: string;
}
