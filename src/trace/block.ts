/** A piece of a log: whole lines. */

/** One character a byte, so that places in both are the same: bytes are quick to look at, text is easy to cut. */
export class Block {
  readonly text: string;

  constructor(readonly bytes: Buffer) {
    this.text = bytes.toString('latin1');
  }
}
