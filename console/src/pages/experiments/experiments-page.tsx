/** Experiments: all of them, and one of them live. */
import { Route, Switch } from "wouter";
import { NotFound } from "../../shell/not-found.tsx";
import { ExperimentList } from "./experiment-list.tsx";
import { ExperimentPage } from "./experiment-page.tsx";
import "./experiments.css";

export function ExperimentsPage() {
  return (
    <Switch>
      <Route path="/experiments" component={ExperimentList} />
      <Route path="/experiments/:id">{({ id }) => <ExperimentPage key={id} experiment={idIn(id)} />}</Route>
      <Route component={NotFound} />
    </Switch>
  );
}

/** The router has decoded it as far as a whole address may be, not its slashes and the like. */
function idIn(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
