/** What unknown addresses show. */
import { Link, useLocation } from "wouter";
import { EmptyState } from "../parts/empty-state.tsx";
import { Page } from "../parts/page.tsx";

export function NotFound() {
  const [path] = useLocation();
  return (
    <Page title="There is no such page">
      <EmptyState
        title={`Nothing is at /console${path}`}
        action={<Link href="/">Go to the start</Link>}
      >
        The address may be mistyped, or the service it belongs to is not enabled on this server.
      </EmptyState>
    </Page>
  );
}
