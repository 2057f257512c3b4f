/** Checks and path suites, each made once, however many parts of a command ask for it. */
import {
  type CheckedSubject,
  checkSubject,
  networkOf,
  type Subject,
  subjectLabel,
} from '../conformance/subject.ts';
import type { Network, Path } from '../lts/index.ts';
import { transitionCover } from '../paths/index.ts';

export interface LabOptions {
  readonly maxStates?: number | undefined;
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
    const { maxStates, onProgress } = this.#options;
    onProgress?.(`${label}: exploring`);
    const checked = checkSubject(subject, {
      ...(maxStates === undefined ? {} : { maxStates }),
      onProgress: ({ states, transitions }) =>
        onProgress?.(`${label}: ${states} states, ${transitions} transitions`),
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
