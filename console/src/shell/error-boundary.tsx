/** Keeps a page's failure to the page. */
import { Component, type ReactNode } from "react";
import { ErrorState } from "../parts/error-state.tsx";

interface Props {
  readonly children: ReactNode;
}

interface State {
  readonly failure: { readonly error: unknown } | undefined;
}

/** Give it a `key` per page: another page begins anew. "Try again" reloads, as a page that did not load (after an update) must. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { failure: undefined };

  static getDerivedStateFromError(error: unknown): State {
    return { failure: { error } };
  }

  override render(): ReactNode {
    const { failure } = this.state;
    if (failure === undefined) return this.props.children;
    return (
      <ErrorState
        title="This page has failed"
        error={failure.error}
        onRetry={() => window.location.reload()}
      />
    );
  }
}
