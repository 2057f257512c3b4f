/**
 * How kinds of event look, in one place. Colour is never the only sign: the line and, in text formats, a mark
 * say the same. The colours keep a contrast of 4.5 on white and differ for the colour-blind.
 */
import type { LabelKind } from './statechart.ts';

export interface KindStyle {
  readonly colour: string;
  /** Graphviz and SVG line style. */
  readonly line: 'solid' | 'dashed' | 'dotted';
  readonly width: number;
  /** A piece of the line in characters, for legends. */
  readonly sample: string;
  /** Put before the event's name where neither colour nor line can be set. */
  readonly mark: string;
  readonly meaning: string;
}

export const KIND_STYLE: Readonly<Record<LabelKind, KindStyle>> = {
  stimulus: {
    colour: '#0b5cad',
    line: 'solid',
    width: 1.1,
    sample: '——',
    mark: '',
    meaning: 'stimulus: the world acts',
  },
  choice: {
    colour: '#a84300',
    line: 'dashed',
    width: 1.1,
    sample: '– – –',
    mark: '? ',
    meaning: 'choice: the world answers',
  },
  observation: {
    colour: '#0a6b4f',
    line: 'solid',
    width: 2.2,
    sample: '——',
    mark: '! ',
    meaning: 'observation: the code acts',
  },
  internal: {
    colour: '#57606a',
    line: 'dotted',
    width: 1.1,
    sample: '· · · ·',
    mark: '',
    meaning: 'internal: no event',
  },
};

/** Neutral colours. Drawings are always on their own white ground, so that dark pages do not swallow them. */
export const INK = '#1f2328';
export const GREY = '#57606a';
export const RULE = '#d0d7de';
export const PALE = '#f6f8fa';
export const PAPER = '#ffffff';
export const ALARM = '#b3141f';
export const ALARM_PALE = '#fff0f0';
