/** The machines that judge: those of the given series, as they are on the platforms that a log may be from. */
import { atomicPoolExpand } from '../../../machines/atomic-pool-expand.ts';
import { build } from '../../../machines/build.ts';
import { conversion } from '../../../machines/conversion.ts';
import { directAlloc } from '../../../machines/direct-alloc.ts';
import { directFree } from '../../../machines/direct-free.ts';
import { dynamicFree } from '../../../machines/dynamic-free.ts';
import { conversionSleeps, factsWith, type SystemFacts } from '../../../machines/facts.ts';
import type { MachineFile } from '../../../machines/machine-file.ts';
import { streamingMapping } from '../../../machines/streaming-mapping.ts';
import { swiotlbPool } from '../../../machines/swiotlb-pool.ts';
import { specFacts } from '../../conformance/spec-facts.ts';
import { compileOnce, type LocalLts } from '../../lts/index.ts';
import {
  chooseOptions,
  conflict,
  type Options,
  PLATFORMS,
  type Platform,
  type Series,
} from '../../series/index.ts';
import { Oracle } from './oracle.ts';

/** By kind of object: the machine that follows it. */
export const MACHINES = {
  conversion: conversion,
  'dynamic-free': dynamicFree,
  'swiotlb-pool': swiotlbPool,
  'atomic-pool-expand': atomicPoolExpand,
  'direct-alloc': directAlloc,
  'direct-free': directFree,
  'streaming-mapping': streamingMapping,
} as const satisfies Record<string, MachineFile>;
export type MachineName = keyof typeof MACHINES;

/** Events of a machine that belong to other calls than the one that an instance follows. */
const ELSEWHERE: Partial<Record<MachineName, readonly string[]>> = {
  // Frees that are not deferred: of a pool whose slots, or whose conversion, failed, or whose search did.
  'dynamic-free': ['slots_failed', 'decrypt_failed', 'search_failed'],
};

/** Options, one by one, that a log does not tell. */
const UNTOLD: readonly Partial<Options>[] = [
  {},
  { 'coherent-pool': 'off' },
  { 'restricted-pool': 'off' },
  { coherence: 'non-coherent' },
  { 'restricted-pool': 'off', coherence: 'non-coherent' },
  { device: 'trusted' },
];

const sleeps = (platform: Platform): boolean =>
  conversionSleeps(specFacts(platform, chooseOptions(platform, {})));

/** The machines of a series on some platforms, compiled when they are first asked for. */
export class Specification {
  readonly #oracles = new Map<MachineName, Oracle>();

  constructor(
    readonly series: Series,
    /** Where the log may be from; all when nothing is said. */
    readonly platforms: readonly Platform[] = PLATFORMS,
  ) {}

  oracle(name: MachineName): Oracle {
    let found = this.#oracles.get(name);
    if (found === undefined) {
      found = new Oracle(name, this.#variants(MACHINES[name]), ELSEWHERE[name]);
      this.#oracles.set(name, found);
    }
    return found;
  }

  /** The oracles that were asked for, by name. */
  used(): readonly Oracle[] {
    const order = Object.keys(MACHINES) as MachineName[];
    return order.flatMap((name) => this.#oracles.get(name) ?? []);
  }

  /**
   * The bit of an address that says shared or private, and what it says when it is set. Null: there is none.
   * Undefined: the platforms that the log may be from do not agree.
   */
  addressBit(): Platform['addressBit'] | undefined {
    const [first, ...others] = this.platforms.map(({ addressBit }) => addressBit);
    const same = others.every((bit) => bit?.bit === first?.bit && bit?.meaning === first?.meaning);
    return same ? first : undefined;
  }

  /** Platforms on which a conversion may sleep. */
  sleepsOn(): readonly string[] {
    return PLATFORMS.filter(sleeps).map(({ name }) => name);
  }

  /** Whether a conversion may sleep on any platform that the log may be from. */
  mayConversionSleep(): boolean {
    return this.platforms.some(sleeps);
  }

  /** Whether an answer of 0 says that the pages are converted: powerpc does not look at what it was told. */
  answersTell(): boolean {
    return this.platforms.some(({ conversion }) => conversion !== 'powerpc');
  }

  /** Each different machine once. */
  #variants(file: MachineFile): LocalLts[] {
    const { patches } = this.series;
    const seen = new Map<string, LocalLts>();
    for (const facts of this.#facts()) {
      // Facts reach a machine by the answers of its guards alone.
      const guards = file.guards?.(factsWith(patches, facts)) ?? {};
      const key = JSON.stringify(Object.entries(guards).map(([name, guard]) => [name, guard()]));
      if (!seen.has(key)) seen.set(key, compileOnce(build(file, patches, facts)));
    }
    return [...seen.values()];
  }

  /** A pool may be absent, a device trusted: what a log does not tell is taken either way. */
  #facts(): SystemFacts[] {
    return this.platforms.flatMap((platform) =>
      UNTOLD.flatMap((chosen) => {
        const options = chooseOptions(platform, chosen);
        return conflict(platform, options) === null ? [specFacts(platform, options)] : [];
      }),
    );
  }
}
