/** The inverse of the normal distribution function: Wichura's algorithm AS 241 (PPND16), Applied Statistics 37(3), 1988. */

/** Numerator and denominator of a rational approximation, the constant term first. */
interface Rational {
  readonly numerator: readonly number[];
  readonly denominator: readonly number[];
}

/** For the middle, 0.075 ≤ p ≤ 0.925, in 0.425² − (p − 0.5)². */
const middle: Rational = {
  numerator: [
    3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946,
    45921.95393154987, 67265.7709270087, 33430.57558358813, 2509.0809287301227,
  ],
  denominator: [
    1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597,
    39307.89580009271, 28729.085735721943, 5226.495278852854,
  ],
};

/** For the tails down to e^−25, in √(−ln p) − 1.6. */
const tail: Rational = {
  numerator: [
    1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045,
    1.2704582524523684, 0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
  ],
  denominator: [
    1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008,
    0.015198666563616457, 0.0005475938084995345, 1.0507500716444169e-9,
  ],
};

/** For what is beyond, in √(−ln p) − 5. */
const farTail: Rational = {
  numerator: [
    6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487,
    0.026532189526576124, 0.0012426609473880784, 0.000027115555687434876, 2.0103343992922881e-7,
  ],
  denominator: [
    1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133,
    0.000018463183175100548, 1.421511758316446e-7, 2.0442631033899397e-15,
  ],
};

function polynomial(coefficients: readonly number[], x: number): number {
  let value = 0;
  for (let power = coefficients.length - 1; power >= 0; power--)
    value = value * x + (coefficients[power] as number);
  return value;
}

function ratio(rational: Rational, x: number): number {
  return polynomial(rational.numerator, x) / polynomial(rational.denominator, x);
}

/** The z below which a standard normal variable lies with probability `p`, to about 1e-15 of z. Infinite at 0 and 1, NaN outside. */
export function normalQuantile(p: number): number {
  const centred = p - 0.5;
  if (Math.abs(centred) <= 0.425) return centred * ratio(middle, 0.180625 - centred * centred);
  if (p === 0 || p === 1) return p === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const root = Math.sqrt(-Math.log(centred < 0 ? p : 1 - p));
  const z = root <= 5 ? ratio(tail, root - 1.6) : ratio(farTail, root - 5);
  return centred < 0 ? -z : z;
}
