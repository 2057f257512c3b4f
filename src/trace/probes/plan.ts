/** Which probes a kernel can have: by its version, or by the list of its symbols. */
import type { PropertyName } from '../judge/properties.ts';
import { PROBES, type Probe, TRACEPOINTS, type Version } from './wanted.ts';

export interface Planned {
  readonly probe: Probe;
  /** As the kernel lists it: with a compiler's suffix. */
  readonly symbol: string;
}

export interface Plan {
  readonly tracepoints: readonly string[];
  readonly probes: readonly Planned[];
  /** Probes that cannot be set, because the function is not there: inlined, not configured, or of another version. */
  readonly missing: readonly Probe[];
  /** What each that is missing costs: properties, without those that other probes decide as well. */
  readonly lost: readonly PropertyName[];
}

/** The newest version that was reviewed. */
export const NEWEST: Version = [7, 3];

/** `6.12`, `v6.12.117-foo`, or undefined. */
export function readVersion(text: string): Version | undefined {
  const found = /^v?(\d{1,3})\.(\d{1,4})(?:[.-]\S*)?$/.exec(text);
  return found ? [Number(found[1]), Number(found[2])] : undefined;
}

const before = (a: Version, b: Version) => a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);

export function planFor(version: Version): Plan {
  const probes = PROBES.filter(
    (probe) =>
      !(probe.from && before(version, probe.from)) && !(probe.before && !before(version, probe.before)),
  );
  return {
    ...planOf(
      probes.map((probe) => ({ probe, symbol: probe.symbol })),
      [],
    ),
  };
}

/**
 * The symbols of a kernel, from the text of System.map or kallsyms: lines of address, kind and name; a module's
 * name in brackets may follow. Only functions count.
 * @returns undefined when no line is such a line
 */
export function readSymbols(text: string): ReadonlySet<string> | undefined {
  const symbols = new Set<string>();
  for (const [, name] of text.matchAll(/^[0-9a-fA-F]{1,16} [tTwW] (\S+)/gm)) symbols.add(name!);
  return symbols.size === 0 ? undefined : symbols;
}

export function planForSymbols(symbols: ReadonlySet<string>): Plan {
  const suffixed = new Map<string, string>();
  for (const name of symbols) {
    const dot = name.indexOf('.');
    // A part or clone has other arguments than the whole; .isra and .constprop move them, .part and .cold begin later.
    if (dot > 0 && /^\.llvm\.\d+$/.test(name.slice(dot))) suffixed.set(name.slice(0, dot), name);
  }
  const probes: Planned[] = [];
  const missing: Probe[] = [];
  // A function that only another version has is no loss; where neither is there, it is.
  const newer = symbols.has('dma_map_phys');
  const worker = symbols.has('swiotlb_dyn_free_work');
  for (const probe of PROBES) {
    const symbol = symbols.has(probe.symbol) ? probe.symbol : suffixed.get(probe.symbol);
    if (symbol !== undefined) {
      if (!outdated(probe, newer, worker)) probes.push({ probe, symbol });
    } else if (!replaced(probe, newer, worker)) missing.push(probe);
  }
  return planOf(probes, missing);
}

/** Whether a probe is for a function, or for its arguments, as they were before this kernel, or will be after it. */
function outdated({ event, from, before: until }: Probe, newer: boolean, worker: boolean): boolean {
  if (event.startsWith('dma_alloc_from_pool')) return worker ? until !== undefined : from !== undefined;
  return newer && until?.[0] === 6;
}

function replaced({ event, before: until, from }: Probe, newer: boolean, worker: boolean): boolean {
  if (event === 'swiotlb_dyn_free') return worker;
  if (event === 'swiotlb_dyn_free_work') return !worker;
  if (event === 'dma_alloc_from_pool') return worker ? until !== undefined : from !== undefined;
  if (event.startsWith('kp_')) return !newer;
  return until !== undefined && newer;
}

function planOf(probes: readonly Planned[], missing: readonly Probe[]): Plan {
  const lost = new Set(missing.flatMap(({ loses }) => loses));
  return { tracepoints: TRACEPOINTS.map(({ group }) => group), probes, missing, lost: [...lost] };
}
