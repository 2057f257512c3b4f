/** What Mermaid's grammar allows: identifiers, and text in which nothing is read as syntax. */

/**
 * Characters that end a label, start a comment or an entity, or are read as HTML or Markdown, with what they
 * look like. State diagrams leave Mermaid's own entities (`#58;`) undecoded in places, so a label that needs
 * one of these characters gets its likeness.
 */
const LIKENESS: Readonly<Record<string, string>> = {
  '#': '\uff03',
  ';': '\uff1b',
  ':': '\u2236',
  '"': '\u2033',
  '<': '\u2039',
  '>': '\u203a',
  '%': '\uff05',
  '\\': '\u2216',
  '`': '\u2018',
  '*': '\u2217',
  '{': '\uff5b',
  '}': '\uff5d',
};

/** Text for a name or a label of a state diagram, on one line. */
export function stateText(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[#;:"<>%\\`*{}]/g, (char) => LIKENESS[char]!);
}

/** Text for a message, a note or a participant of a sequence diagram, on one line; entities work there. */
export function messageText(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[#;"<>%\\`*{}]/g, (char) => `#${char.codePointAt(0)};`);
}

/** Words that Mermaid reads as syntax even where an identifier is expected. */
const RESERVED =
  /^(end|state|note|class|classdef|default|direction|style|click|href|hide|scale|as|fork|join|choice|title|acc\w*|(tb|bt|rl|lr|td)\w*|left|right|over|root)$/i;

/** Identifiers for names: letters, digits and `_`, unlike any reserved word, and never two alike. */
export class MermaidIds {
  private readonly ids = new Map<string, string>();
  private readonly used = new Set<string>();

  /** The identifier of `name`; the same for the same name. */
  of(name: string): string {
    const known = this.ids.get(name);
    if (known !== undefined) return known;
    const plain = name.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_|_$/g, '');
    const base = plain === '' || /^\d/.test(plain) || RESERVED.test(plain) ? `s_${plain}` : plain;
    let id = base;
    for (let n = 2; this.used.has(id); n++) id = `${base}_${n}`;
    this.used.add(id);
    this.ids.set(name, id);
    return id;
  }
}
