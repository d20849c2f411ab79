// What was sent over a port and has no answer yet.

/** Promises, by the numbers that go along with messages. */
export class Pending {
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();
  #next = 1;

  /** @returns {{ id: number, outcome: Promise<any> }} */
  add() {
    const id = this.#next++;
    const outcome = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    return { id, outcome };
  }

  /**
   * The promise of a number, which is settled once.
   * @param {number} id
   */
  take(id) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  /** @param {Error} why */
  rejectAll(why) {
    for (const { reject } of this.#waiting.values()) reject(why);
    this.#waiting.clear();
  }
}
