/**
 * A network as a Promela model: one process, one guarded atomic step for each event. `spin -a` and the compiled
 * `pan` then explore the same states and transitions (theirs are one more: they count the initial state). Each property
 * is judged in a run of its own: `spin -a -DJUDGE -DP_one_owner=1 model.pml`. What speaks of states stands in a never
 * claim, what speaks of events is an assertion in the event's step. For what must come there is promela-liveness.ts.
 */
import type { GlobalEvent, Network, Property } from '../lts/index.ts';
import { comment, type Macro, type PromelaHeading, PromelaWriter } from './promela-writer.ts';

/** The name by which a property is switched on: `-DP_one_owner=1`. */
export function promelaSwitch(property: Pick<Property, 'name'>): string {
  return `P_${property.name.replace(/[^A-Za-z0-9]+/g, '_')}`;
}

/** @throws PropertyError when a property cannot be written as a formula. */
export function promela(
  network: Network,
  properties: readonly Property[],
  { title, command }: PromelaHeading,
): string {
  const writer = new PromelaWriter(network);
  const safety = properties.filter(({ kind }) => kind !== 'leads-to');
  const checks = safety.map((property) => checkOf(writer, property));
  return [
    comment([
      `${title}: a network of ${network.instances.length} machines and ${network.events.length} events.`,
      `Written by: ${command}`,
      '',
      'Count:  spin -a model.pml && cc -O2 -DSAFETY -DNOREDUCE -o pan pan.c && ./pan -m10000000 -E',
      `Judge:  spin -a -DJUDGE -D${promelaSwitch(safety[0] ?? { name: 'name' })}=1 model.pml, and on as before; so for each property.`,
      '        A property that shall be possible is reached where its assertion or claim is violated.',
    ]),
    ...writer.declarations(),
    '',
    ...checks.flatMap(({ define }) => define),
    '',
    '#ifdef JUDGE',
    'never {',
    '  do',
    ...checks.flatMap(({ claim }) => claim),
    '  :: else',
    '  od',
    '}',
    '#endif',
    '',
    'active proctype network() {',
    '  do',
    ...network.events.map((event) =>
      writer.option(
        event,
        checks.flatMap(({ inside }) => inside(event)),
      ),
    ),
    '  od',
    '}',
    '',
  ].join('\n');
}

interface Check {
  /** The switch, off unless it is given, and the macros. */
  readonly define: readonly string[];
  /** What ends the never claim. */
  readonly claim: readonly string[];
  /** What stands in the step of an event. */
  readonly inside: (event: GlobalEvent) => readonly string[];
}

const NOTHING = () => [];

/** A property: an assertion, or a part of the claim, that is there when its switch is given. */
function checkOf(writer: PromelaWriter, property: Property): Check {
  const { events } = writer.network;
  const name = promelaSwitch(property);
  const head = [
    `/* ${property.kind}: ${property.doc.replace(/\*\//g, '')} */`,
    `#ifndef ${name}`,
    `#define ${name} 0`,
    '#endif',
  ];
  const everywhere = (define: readonly string[], text: string): Check => ({
    define: [...head, ...define],
    claim: [`  :: ${name} && !(${text}) -> break`],
    inside: NOTHING,
  });
  /** In the steps of these events it is asserted that the macro is false. */
  const neverIn = (wanted: (event: GlobalEvent) => boolean, macro: (event: GlobalEvent) => Macro): Check => {
    const define = [...head];
    const asserts = events.map((event) => {
      if (!wanted(event)) return [];
      const { define: lines, text } = macro(event);
      define.push(...lines);
      return [`      assert(!${name} || !${text});`];
    });
    return { define, claim: [], inside: (event) => asserts[event.index]! };
  };
  switch (property.kind) {
    case 'leads-to':
      throw new Error(`${property.name} is a leads-to`);
    case 'invariant': {
      const holds = writer.macro(
        name,
        property,
        property.over,
        (...locals) => property.holds(...locals) === true,
      );
      return everywhere(holds.define, holds.text);
    }
    case 'forbidden': {
      const { over = [], when } = property;
      return neverIn(property.event, (event) =>
        writer.macro(
          `${name}_e${event.index}`,
          property,
          over,
          (...locals) => when === undefined || when(event, ...locals),
        ),
      );
    }
    case 'deadlock': {
      const { final } = property;
      const ended = writer.macro(
        name,
        property,
        final?.over ?? [],
        (...locals) => final?.is(...locals) === true,
      );
      const enabled = events.map((event) => `(${writer.guard(event)})`).join(' \\\n  || ');
      const some = `${name}_enabled`;
      return everywhere(
        [...ended.define, `#define ${some} ( \\\n     ${enabled})`],
        `${some} || ${ended.text}`,
      );
    }
    case 'possible': {
      const { over = [], when } = property;
      const macro = writer.macro(name, property, over, (...locals) => when === undefined || when(...locals));
      if (property.event === undefined) return everywhere(macro.define, `!${macro.text}`);
      let first = true;
      return neverIn(property.event, () => {
        const once = first ? macro.define : [];
        first = false;
        return { define: once, text: macro.text };
      });
    }
  }
}
