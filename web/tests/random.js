/**
 * Random numbers that a seed repeats, and what tests choose by them.
 */

export class Random {
  #state;

  /** @param {number} seed */
  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** From 0 to 1 (mulberry32). */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number below `end`. @param {number} end */
  below(end) {
    return Math.floor(this.next() * end);
  }

  /** @template T @param {readonly T[]} list @returns {T} */
  pick(list) {
    return /** @type {T} */ (list[this.below(list.length)]);
  }

  /** Up to `most` characters. @param {readonly string[]} characters @param {number} most */
  text(characters, most) {
    return Array.from({ length: this.below(most + 1) }, () => this.pick(characters)).join('');
  }
}

/**
 * Runs a test with many seeds; the one that fails is told.
 * @param {number} count
 * @param {(random: Random) => void} test
 */
export function forSeeds(count, test) {
  for (let seed = 1; seed <= count; seed += 1) {
    try {
      test(new Random(seed));
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
}
