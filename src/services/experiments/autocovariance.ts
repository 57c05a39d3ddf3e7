/** The autocovariance of several series of one length, averaged over them, by fast Fourier transform. */

/**
 * A Fourier transform of one length, a power of two. Forward leaves the frequencies in bit-reversed order, which backward expects:
 * a product of spectra does not care about the order, and so nothing is ever sorted into place.
 */
class Fourier {
  readonly #size: number;
  readonly #cosines: Float64Array;
  readonly #sines: Float64Array;

  constructor(size: number) {
    this.#size = size;
    this.#cosines = new Float64Array(size >> 1);
    this.#sines = new Float64Array(size >> 1);
    for (let k = 0; k < size >> 1; k++) {
      this.#cosines[k] = Math.cos((2 * Math.PI * k) / size);
      this.#sines[k] = Math.sin((2 * Math.PI * k) / size);
    }
  }

  // Inside the loops below every index is within the arrays; a check at each would cost a fifth of the time.

  /** In place: values to frequencies, bit-reversed. */
  forward(real: Float64Array, imaginary: Float64Array): void {
    const cosines = this.#cosines;
    const sines = this.#sines;
    for (let half = this.#size >> 1, stride = 1; half >= 1; half >>= 1, stride <<= 1) {
      for (let begin = 0; begin < this.#size; begin += 2 * half) {
        for (let k = 0; k < half; k++) {
          const low = begin + k;
          const high = low + half;
          const cosine = cosines[k * stride] as number;
          const sine = sines[k * stride] as number;
          const realDifference = (real[low] as number) - (real[high] as number);
          const imaginaryDifference = (imaginary[low] as number) - (imaginary[high] as number);
          real[low] = (real[low] as number) + (real[high] as number);
          imaginary[low] = (imaginary[low] as number) + (imaginary[high] as number);
          real[high] = realDifference * cosine + imaginaryDifference * sine;
          imaginary[high] = imaginaryDifference * cosine - realDifference * sine;
        }
      }
    }
  }

  /** In place: bit-reversed frequencies to values times the size. */
  backward(real: Float64Array, imaginary: Float64Array): void {
    const cosines = this.#cosines;
    const sines = this.#sines;
    for (let half = 1, stride = this.#size >> 1; half < this.#size; half <<= 1, stride >>= 1) {
      for (let begin = 0; begin < this.#size; begin += 2 * half) {
        for (let k = 0; k < half; k++) {
          const low = begin + k;
          const high = low + half;
          const cosine = cosines[k * stride] as number;
          const sine = sines[k * stride] as number;
          const realTurned = (real[high] as number) * cosine - (imaginary[high] as number) * sine;
          const imaginaryTurned =
            (imaginary[high] as number) * cosine + (real[high] as number) * sine;
          real[high] = (real[low] as number) - realTurned;
          imaginary[high] = (imaginary[low] as number) - imaginaryTurned;
          real[low] = (real[low] as number) + realTurned;
          imaginary[low] = (imaginary[low] as number) + imaginaryTurned;
        }
      }
    }
  }
}

/** The smallest power of two at which a series of this length, filled up with zeros, does not run into its own beginning. */
function paddedLength(length: number): number {
  let size = 2;
  while (size < 2 * length) size *= 2;
  return size;
}

/** Sums up autocovariances of series of one length. Its arrays are used again for each set: not for two at once. */
export class Autocovariance {
  readonly #length: number;
  readonly #fourier: Fourier;
  readonly #real: Float64Array;
  readonly #imaginary: Float64Array;
  readonly #power: Float64Array;

  constructor(length: number) {
    const size = paddedLength(length);
    this.#length = length;
    this.#fourier = new Fourier(size);
    this.#real = new Float64Array(size);
    this.#imaginary = new Float64Array(size);
    this.#power = new Float64Array(size);
  }

  /**
   * For every lag from 0 to length − 1 the mean over the series of Σ (xᵢ − m)(xᵢ₊ₗ − m) / length (the biased estimate), m being
   * the series' own mean. `series` holds them one after the other, `means` one mean for each. The answer is valid until the next call.
   */
  mean(series: Float64Array, means: Float64Array): Float64Array {
    const real = this.#real;
    const imaginary = this.#imaginary;
    const power = this.#power.fill(0);
    // Two series at a time, as the real and the imaginary part: their cross terms end up in the imaginary part of the way back.
    for (let index = 0; index < means.length; index += 2) {
      this.#load(real, series, means, index);
      this.#load(imaginary, series, means, index + 1);
      this.#fourier.forward(real, imaginary);
      for (let k = 0; k < power.length; k++) {
        power[k] = (power[k] as number) + (real[k] as number) ** 2 + (imaginary[k] as number) ** 2;
      }
    }
    this.#fourier.backward(power, imaginary.fill(0));
    const scale = 1 / (power.length * this.#length * means.length);
    for (let lag = 0; lag < this.#length; lag++) power[lag] = (power[lag] as number) * scale;
    return power.subarray(0, this.#length);
  }

  #load(target: Float64Array, series: Float64Array, means: Float64Array, index: number): void {
    target.fill(0);
    const mean = means[index];
    if (mean === undefined) return;
    const begin = index * this.#length;
    for (let k = 0; k < this.#length; k++) target[k] = (series[begin + k] as number) - mean;
  }
}
