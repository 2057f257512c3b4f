/** A turnstile and a guest: compiled, composed, explored, judged, and a path for every transition. */
import { createMachine } from 'xstate';
import { check, compose, explore } from '../../src/lts/index.ts';
import { transitionCover } from '../../src/paths/index.ts';

const event = (actor: string) => ({ kind: 'stimulus', actor, symbol: actor }) as const;
const alphabet = { coin: event('guest'), push: event('guest') };
const states = { locked: { on: { coin: 'open' } }, open: { on: { push: 'locked' } } };
const turnstile = { name: 'turnstile', machine: createMachine({ initial: 'locked', states }), alphabet };
const instances = [{ name: 'turnstile', spec: turnstile }];
const graph = explore(compose({ name: 'entrance', instances }));
const paths = [...transitionCover(graph)];
export const verdicts = check(graph, [{ kind: 'deadlock', name: 'deadlock-free', doc: 'It never stops.' }]);
export const summary = `${graph.states} states, ${graph.transitions} transitions, ${paths.length} path`;
