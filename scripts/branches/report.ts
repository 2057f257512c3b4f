/** What was reached and what was not: judged against the reviewed list, and written. */
import { markdown, textRows } from '../../src/render/index.ts';
import type { Branch } from './sources.ts';

/** Branches that nothing reaches, and why: an entry of the reviewed list. */
export interface Explained {
  readonly file: string;
  /** By their names, which hold no line numbers. */
  readonly branches: readonly string[];
  readonly reason: string;
}

/** A branch with what was found. */
export interface Measurement extends Branch {
  readonly taken: boolean;
  /** Of one that was not taken: the reviewed reason, if there is one. */
  readonly reason: string | null;
}

/** How far the branches must be reached. */
export const ENOUGH = 0.95;

/** Puts reasons to what was not reached. `problems`: what the list says and is not so, or does not say. */
export function judge(
  branches: readonly Branch[],
  taken: readonly boolean[],
  list: readonly Explained[],
): { readonly measured: readonly Measurement[]; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const reasons = new Map<Branch, string>();
  for (const { file, branches: names, reason } of list) {
    for (const name of names) {
      const n = branches.findIndex((one) => one.file === file && one.branch === name);
      const branch = branches[n];
      if (branch === undefined) problems.push(`${file}: there is no branch '${name}' to explain`);
      else if (taken[n]) problems.push(`${at(branch)} is explained, and was reached`);
      else if (reasons.has(branch)) problems.push(`${at(branch)} is explained twice`);
      else reasons.set(branch, reason);
    }
  }
  const measured = branches.map((branch, n) => ({
    ...branch,
    taken: taken[n]!,
    reason: reasons.get(branch) ?? null,
  }));
  for (const one of measured)
    if (!one.taken && one.reason === null) problems.push(`${at(one)} was not reached, and is not explained`);
  const { covered, all } = count(measured, 'branch');
  if (covered < ENOUGH * all)
    problems.push(`${share(measured, 'branch')} of the branches are reached; ${ENOUGH * 100} % must be`);
  return { measured, problems };
}

const at = ({ file, line, branch, kind }: Branch): string =>
  `${file}:${line}: ${kind === 'function' ? 'function ' : ''}${branch}`;

/** What was measured, for the terminal. */
export function coverageText(measured: readonly Measurement[], width: number): string {
  const [header, ...body] = table(measured);
  return textRows(body, header!, { width });
}

/** The page that is kept. */
export function coverageMarkdown(measured: readonly Measurement[], what: readonly string[]): string {
  const [header, ...body] = table(measured);
  const missing = measured.filter(({ taken }) => !taken);
  const reasons = [...new Set(missing.map(({ reason }) => reason))];
  return `${[
    '# Branch coverage of `src/kernel/dma/`',
    '',
    'Computed by `npm run coverage`: reached by generated paths and explored workloads alone, without any test that was written by hand. Branches are both sides of `if` and `?:`, the operands of `&&`, `||` and `??`, cases, and default values; functions are counted apart.',
    '',
    ...what.map((line) => `- ${line}`),
    '',
    markdown(body, header!),
    '',
    '## What is not reached',
    '',
    ...reasons.flatMap((reason) => [
      `${reason ?? 'Not explained:'}`,
      '',
      ...missing.filter((one) => one.reason === reason).map((one) => `- \`${at(one).replaceAll('`', "'")}\``),
      '',
    ]),
  ]
    .join('\n')
    .trimEnd()}\n`;
}

function table(measured: readonly Measurement[]): string[][] {
  const files = [...new Set(measured.map(({ file }) => file))];
  const row = (name: string, some: readonly Measurement[]): string[] => [
    name,
    ...(['branch', 'function'] as const).flatMap((kind) => {
      const { covered, all } = count(some, kind);
      return [`${covered} of ${all}`, share(some, kind)];
    }),
  ];
  return [
    ['file', 'branches', '', 'functions', ''],
    ...files.map((file) =>
      row(
        file,
        measured.filter((one) => one.file === file),
      ),
    ),
    row('all', measured),
  ];
}

function count(some: readonly Measurement[], kind: Branch['kind']): { covered: number; all: number } {
  const those = some.filter((one) => one.kind === kind);
  return { covered: those.filter(({ taken }) => taken).length, all: those.length };
}

function share(some: readonly Measurement[], kind: Branch['kind']): string {
  const { covered, all } = count(some, kind);
  // Cut, not rounded: 100 % is all of them.
  return all === 0 ? '' : `${(Math.floor((covered / all) * 1000) / 10).toFixed(1)} %`;
}
