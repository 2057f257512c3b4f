/** Checks and path suites, each made once, however many parts of a command ask for it. */
import {
  type CheckedSubject,
  checkInSlices,
  checkSubject,
  networkOf,
  type Subject,
  subjectLabel,
} from '../conformance/subject.ts';
import type { Network, Path, Progress } from '../lts/index.ts';
import { transitionCover } from '../paths/index.ts';
import type { Bounds } from './bounds.ts';

export interface LabOptions {
  /** What `checked` keeps to. */
  readonly bounds?: Bounds;
  /** Called with what is being done. */
  readonly onProgress?: (text: string) => void;
}

export class Lab {
  readonly #options: LabOptions;
  readonly #checked = new Map<string, CheckedSubject>();
  readonly #paths = new Map<string, readonly Path[]>();

  constructor(options: LabOptions = {}) {
    this.#options = options;
  }

  check(subject: Subject): CheckedSubject {
    const label = subjectLabel(subject);
    const known = this.#checked.get(label);
    if (known !== undefined) return known;
    const { onProgress } = this.#options;
    onProgress?.(`${label}: exploring`);
    const checked = checkSubject(subject, {
      onProgress: ({ states, transitions }) =>
        onProgress?.(`${label}: ${states} states, ${transitions} transitions`),
    });
    this.#checked.set(label, checked);
    return checked;
  }

  /** The same within bounds: `check` gives it from then on. */
  async checked(subject: Subject): Promise<CheckedSubject> {
    const label = subjectLabel(subject);
    const known = this.#checked.get(label);
    const { bounds, onProgress } = this.#options;
    if (known !== undefined) return known;
    if (bounds === undefined) return this.check(subject);
    onProgress?.(`${label}: exploring`);
    const begin = performance.now();
    const checked = await checkInSlices(subject, {
      ...(bounds.maxStates === undefined ? {} : { maxStates: bounds.maxStates }),
      maxBytes: bounds.left,
      halted: bounds.reason,
      onProgress: (progress) =>
        onProgress?.(`${label}: ${progressText(progress, performance.now() - begin)}`),
      onProperty: (name) => onProgress?.(`${label}: judging ${name}`),
    });
    this.#checked.set(label, checked);
    return checked;
  }

  /** The network alone, which need not be explored. */
  network(subject: Subject): { readonly network: Network } {
    return this.#checked.get(subjectLabel(subject))?.graph ?? { network: networkOf(subject) };
  }

  /** Paths that cover every transition of what was explored. */
  paths(subject: Subject): readonly Path[] {
    const label = subjectLabel(subject);
    const known = this.#paths.get(label);
    if (known !== undefined) return known;
    const { graph } = this.check(subject);
    this.#options.onProgress?.(`${label}: covering ${graph.transitions} transitions`);
    const paths = transitionCover(graph);
    this.#paths.set(label, paths);
    return paths;
  }
}

/** Where an exploration stands, and how fast it goes, in one line. */
function progressText({ states, transitions, depth, bytes, load }: Progress, milliseconds: number): string {
  const rate = Math.round(states / Math.max(1, milliseconds));
  return `${states} states, ${transitions} transitions, depth ${depth}, ${rate} 000 states/s, ${(bytes / 2 ** 20).toFixed(0)} MiB, table ${(100 * load).toFixed(0)} % full`;
}
