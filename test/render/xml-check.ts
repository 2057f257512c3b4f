/** A tiny check that a text is well-formed XML, enough for the SVG that we write. Also reads elements back. */

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

/** Parses `source`. Throws an Error that says what is wrong and where. */
export function parseXml(source: string): Element {
  const top: Element = { name: '', attributes: {}, children: [], text: '' };
  const open: Element[] = [top];
  const ids = new Set<string>();
  const token = /<(\/?)([A-Za-z][\w:.-]*)((?:\s+[\w:.-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;
  while (token.lastIndex < source.length) {
    const at = token.lastIndex;
    const match = token.exec(source);
    if (match === null) throw new Error(`not XML at ${at}: ${source.slice(at, at + 40)}`);
    const [, closing, name, attributeText = '', selfClosing, text] = match;
    const current = open.at(-1)!;
    if (text !== undefined) {
      if (current === top && text.trim() !== '') throw new Error(`text outside the root: ${text.trim()}`);
      current.text += decode(text);
    } else if (closing === '/') {
      if (current.name !== name) throw new Error(`</${name}> closes <${current.name}>`);
      open.pop();
    } else {
      const attributes: Record<string, string> = {};
      for (const [, key, value] of attributeText.matchAll(/([\w:.-]+)="([^"]*)"/g)) {
        if (attributes[key!] !== undefined) throw new Error(`attribute ${key} twice in <${name}>`);
        attributes[key!] = decode(value!);
      }
      const { id } = attributes;
      if (id !== undefined && ids.has(id)) throw new Error(`id ${id} twice`);
      if (id !== undefined) ids.add(id);
      const element: Element = { name: name!, attributes, children: [], text: '' };
      current.children.push(element);
      if (selfClosing !== '/') open.push(element);
    }
  }
  if (open.length !== 1) throw new Error(`<${open.at(-1)!.name}> is not closed`);
  if (top.children.length !== 1) throw new Error(`${top.children.length} roots`);
  return top.children[0]!;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decode(text: string): string {
  return text.replace(/&([^;\s]*;?)/g, (whole, name: string) => {
    const code = /^#(\d+);$/.exec(name)?.[1];
    const char = code === undefined ? ENTITIES[name.replace(/;$/, '')] : String.fromCodePoint(Number(code));
    if (char === undefined || !name.endsWith(';')) throw new Error(`unknown entity ${whole}`);
    return char;
  });
}

/** All elements below `element` with the given name, in document order. */
export function all(element: Element, name: string): Element[] {
  return element.children.flatMap((child) => [...(child.name === name ? [child] : []), ...all(child, name)]);
}
