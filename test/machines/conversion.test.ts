/** What a conversion leaves behind, platform by platform: every run of one call on a private buffer of two ranges. */
import { describe, expect, test } from 'vitest';
import { type AnyStateMachine, setup } from 'xstate';
import { build } from '../../machines/build.ts';
import { conversion } from '../../machines/conversion.ts';
import type { Protocol, SystemFacts } from '../../machines/facts.ts';
import { memoryRange } from '../../machines/memory-range.ts';
import { page } from '../../machines/page.ts';
import { conversionFor, knows, rangeSync } from '../../machines/systems/conversion-events.ts';
import { only, own } from '../../machines/systems/sync.ts';
import { specFacts } from '../../src/conformance/facts.ts';
import { compose, explore, type InstanceDef, type MachineSpec, stateText } from '../../src/lts/index.ts';
import { defaultOptions, PLATFORMS } from '../../src/series/index.ts';
import { seriesNamed } from '../conformance/subjects.ts';

const V5 = seriesNamed('v5').patches;

/** One caller that shares the buffer; when that fails, or when it is done, it makes it private again. */
function outcomes(facts: SystemFacts, ranges: (range: 0 | 1) => InstanceDef): Record<string, string[]> {
  const by = 'boot';
  const protocol: Protocol = facts.conversion;
  const graph = explore(
    compose({
      name: 'conversion',
      instances: [
        {
          name: 'conversion',
          spec: conversionFor(build(conversion, V5, facts), protocol, [by]),
          sync: Object.fromEntries(
            Object.keys(conversion.alphabet).map((type) => [
              type,
              own({}, (event) => knows(protocol, event)),
            ]),
          ),
        },
        ranges(0),
        ranges(1),
      ],
    }),
  );
  /** By return: what the ranges are then, over all first calls. */
  const found = new Map<string, Set<string>>();
  const add = (ret: string, pages: string) => found.set(ret, (found.get(ret) ?? new Set()).add(pages));
  const walk = (state: number, path: string): void => {
    let moved = false;
    for (let t = graph.offsets[state]!; t < graph.offsets[state + 1]!; t++) {
      const event = graph.network.events[graph.labels[t]!]!;
      const to = graph.targets[t]!;
      if (event.type === 'set_memory_encrypted' && path === '') continue;
      moved = true;
      if (event.type === 'set_memory_decrypted_ret') {
        const pages = [1, 2].map((i) =>
          stateText(graph.network.instances[i]!.lts.states[graph.local(to, i)]!),
        );
        add(String(event.params.ret), pages.join(', '));
      } else walk(to, `${path} ${event.label}`);
    }
    if (!moved) add('the guest ends', '');
  };
  walk(0, '');
  return Object.fromEntries(
    [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([ret, pages]) => [ret, [...pages].sort()]),
  );
}

const factsOf = (name: string): SystemFacts => {
  const platform = PLATFORMS.find((one) => one.name === name)!;
  return specFacts(platform, defaultOptions(platform));
};

const withRanges = (name: string) => {
  const facts = factsOf(name);
  const spec = build(memoryRange, V5, facts);
  return outcomes(facts, (range) => ({
    name: `range[${range}]`,
    spec,
    sync: only(spec, rangeSync(facts.conversion, range, { by: 'boot' })),
  }));
};

describe('set_memory_decrypted() on private memory', () => {
  test('tdx: the page table of both ranges first, then the host, range by range', () => {
    expect(withRanges('tdx')).toEqual({
      failed: [
        'private, private',
        'shared, uncertain.entryShared',
        'uncertain.entryShared, uncertain.entryShared',
      ],
      ok: ['shared, shared'],
    });
  });

  test.each<[string, Record<string, string[]>]>([
    ['sev', { failed: ['private, private', 'shared, private'], ok: ['shared, shared'] }],
    ['sme', { failed: ['private, private', 'shared, private'], ok: ['shared, shared'] }],
    [
      'snp',
      {
        failed: ['private, private', 'uncertain.hostShared, uncertain.hostShared'],
        ok: ['shared, shared'],
        'the guest ends': [''],
      },
    ],
    [
      'vtom',
      {
        failed: [
          'private, private',
          'shared, uncertain.entryShared',
          'uncertain.entryShared, uncertain.entryShared',
        ],
        ok: ['shared, shared'],
      },
    ],
    [
      'cca',
      {
        failed: [
          'private, private',
          'uncertain.invalid, uncertain.invalid',
          'uncertain.invalidHostShared, uncertain.invalid',
        ],
        ok: ['shared, shared'],
      },
    ],
    ['pkvm', { failed: ['private, private', 'shared, private'], ok: ['shared, shared'] }],
    ['s390-pv', { ok: ['shared, shared'], 'the guest ends': [''] }],
    // Nobody looks at the result of the call.
    ['ppc-svm', { ok: ['private, private', 'shared, shared'] }],
    ['plain', { ok: ['private, private'] }],
  ])('%s', (name, expected) => {
    expect(withRanges(name)).toEqual(expected);
  });
});

/** Taken once; shared, then made private again; left alone when that fails. */
const ORDER: MachineSpec = {
  name: 'order',
  machine: setup({}).createMachine({
    initial: 'elsewhere',
    states: {
      elsewhere: { on: { taken: 'private' } },
      private: { on: { set_memory_decrypted: 'sharing' } },
      sharing: { on: { set_memory_decrypted_ret: 'shared' } },
      shared: { on: { set_memory_encrypted: 'undoing' } },
      undoing: { on: { undone: 'private', left: 'left' } },
      left: {},
    },
  }) as AnyStateMachine,
  alphabet: {
    taken: { kind: 'choice', actor: 'boot', symbol: 'alloc_pages' },
    set_memory_decrypted: { ...conversion.alphabet.set_memory_decrypted!, params: {} },
    set_memory_decrypted_ret: { ...conversion.alphabet.set_memory_decrypted_ret!, params: {} },
    set_memory_encrypted: { ...conversion.alphabet.set_memory_encrypted!, params: {} },
    undone: { ...conversion.alphabet.set_memory_encrypted_ret!, params: {} },
    left: { ...conversion.alphabet.set_memory_encrypted_ret!, params: {} },
  },
};

/** `page` and `memory-range` tell the same story at different grains; who reads one may rely on the other. */
test.each(PLATFORMS.map(({ name }) => name))('%s: both machines of a page agree on what it is', (name) => {
  const facts = factsOf(name);
  const by = 'boot';
  const range = build(memoryRange, V5, facts);
  const spec = build(page, V5, facts);
  const graph = explore(
    compose({
      name: 'agreement',
      instances: [
        {
          name: 'conversion',
          spec: conversionFor(build(conversion, V5, facts), facts.conversion, [by]),
          sync: Object.fromEntries(
            Object.keys(conversion.alphabet).map((type) => [
              type,
              own({}, (event) => knows(facts.conversion, event)),
            ]),
          ),
        },
        { name: 'range', spec: range, sync: only(range, rangeSync(facts.conversion, 1, { by })) },
        {
          name: 'page',
          spec,
          sync: only(spec, {
            ...rangeSync(facts.conversion, 1, { by }),
            // It is taken once, before it is first converted, and one conversion follows the other.
            alloc_pages: { type: 'taken' },
          }),
        },
        {
          name: 'order',
          spec: ORDER,
          sync: {
            undone: { type: 'set_memory_encrypted_ret', ret: 'ok' },
            left: { type: 'set_memory_encrypted_ret', ret: 'failed' },
          },
        },
      ],
    }),
  );
  const kind = (text: string) =>
    /shared$/.test(text) && !/uncertain|notPresent/.test(text)
      ? 'shared'
      : /private$/.test(text) && !/uncertain|notPresent/.test(text)
        ? 'private'
        : 'uncertain';
  for (let s = 0; s < graph.states; s++) {
    const [, r, p] = graph.network.instances.map(({ lts }, i) => stateText(lts.states[graph.local(s, i)]!));
    if (p === 'elsewhere') continue;
    expect([r, p, kind(p!)]).toEqual([r, p, kind(r!)]);
  }
  expect(graph.states).toBeGreaterThan(3);
});
