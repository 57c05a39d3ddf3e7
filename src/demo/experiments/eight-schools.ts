/** The eight-schools model (Rubin 1981): how much coaching helped in eight schools, and how much the schools differ. Pure. */

/** What was measured in each school: the effect, and its standard error. */
const effects = [28, 8, -3, 7, -1, 1, 18, 12];
const errors = [15, 10, 16, 11, 9, 11, 10, 18];

const muScale = 5;
const tauScale = 5;

/** How many numbers describe a point: mu, log tau, and one for each school. */
export const dimensions = 2 + effects.length;

/** The names of the variables of a draw. */
export const variables: readonly string[] = [
  "mu",
  "tau",
  ...effects.map((_, school) => `theta[${school + 1}]`),
];

/**
 * The model in non-centred form, which samplers get around in: mu = 5 m, tau = exp(u), theta_j = mu + tau z_j, with m and z_j normal and
 * tau half-Cauchy with scale 5. A point is [m, u, z_1 … z_8].
 */
export function logDensity(point: readonly number[]): number {
  const { mu, tau } = scalesOf(point);
  let sum = -0.5 * at(point, 0) ** 2 - Math.log1p((tau / tauScale) ** 2) + at(point, 1);
  for (let school = 0; school < effects.length; school++) {
    const z = at(point, 2 + school);
    sum -= 0.5 * (z ** 2 + ((at(effects, school) - mu - tau * z) / at(errors, school)) ** 2);
  }
  return sum;
}

/** The slope of `logDensity` in each direction. */
export function gradient(point: readonly number[]): number[] {
  const { mu, tau } = scalesOf(point);
  const ratio = (tau / tauScale) ** 2;
  const slopes = [-at(point, 0), 1 - (2 * ratio) / (1 + ratio)];
  let ofMu = 0;
  let ofLogTau = 0;
  for (let school = 0; school < effects.length; school++) {
    const z = at(point, 2 + school);
    const pull = (at(effects, school) - mu - tau * z) / at(errors, school) ** 2;
    ofMu += pull;
    ofLogTau += pull * tau * z;
    slopes.push(-z + pull * tau);
  }
  slopes[0] = at(slopes, 0) + muScale * ofMu;
  slopes[1] = at(slopes, 1) + ofLogTau;
  return slopes;
}

/** The values of `variables` at a point. */
export function valuesAt(point: readonly number[]): readonly number[] {
  const { mu, tau } = scalesOf(point);
  return [mu, tau, ...effects.map((_, school) => mu + tau * at(point, 2 + school))];
}

function scalesOf(point: readonly number[]): { readonly mu: number; readonly tau: number } {
  return { mu: muScale * at(point, 0), tau: Math.exp(at(point, 1)) };
}

function at(list: readonly number[], index: number): number {
  return list[index] ?? Number.NaN;
}
