/** Experiments: all of them, and one of them live. */
import { Route, Switch } from "wouter";
import { useAddressPart } from "../../parts/use-address-part.ts";
import { NotFound } from "../../shell/not-found.tsx";
import { ExperimentList } from "./experiment-list.tsx";
import { ExperimentPage } from "./experiment-page.tsx";
import "./experiments.css";

const ofExperiment = "/experiments/:id";

export function ExperimentsPage() {
  const id = useAddressPart(ofExperiment);
  return (
    <Switch>
      <Route path="/experiments" component={ExperimentList} />
      <Route path={ofExperiment}>
        {id !== undefined && <ExperimentPage key={id} experiment={id} />}
      </Route>
      <Route component={NotFound} />
    </Switch>
  );
}
