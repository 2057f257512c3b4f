/**
 * DOT to SVG, in this process: Graphviz compiled to WebAssembly, no browser, no system tool. What comes out is
 * made the same for every run and fit for a page: no version comments, ids that do not clash when several
 * drawings share a page, a title for screen readers, fonts that every system has.
 */
import { instance } from '@viz-js/viz';
import { FONT_STACK, xml, xmlId } from './text.ts';

/**
 * Lays a graph out and returns a standalone SVG document, one unit a CSS pixel.
 * @param dot a graph in the DOT language; its name becomes the title of the drawing
 * @throws Error with Graphviz's own message if `dot` is not a valid graph
 */
export async function svgFromDot(dot: string): Promise<string> {
  const result = (await instance()).render(dot, { format: 'svg', engine: 'dot' });
  if (result.status === 'failure') {
    const reasons = result.errors.map((error) => error.message.trim()).join('; ');
    throw new Error(
      `Graphviz refuses this graph: ${reasons || 'no reason given'}. It starts: ${dot.slice(0, 60)}`,
    );
  }
  return normalise(result.output);
}

/** Of most texts. */
const USUAL = 10;

function normalise(svg: string): string {
  const name = /<g id="[^"]*" class="graph"[^>]*>\s*<title>([^<]*)<\/title>/.exec(svg)?.[1] ?? 'graph';
  const title = withoutEntities(name);
  const prefix = xmlId(title);
  const head = /<svg width="([\d.]+)pt" height="([\d.]+)pt"\s+viewBox="([^"]*)"[^>]*>/.exec(svg);
  if (head === null) throw new Error('Graphviz wrote an SVG whose <svg> element has an unknown form');
  const [tag, width, height, viewBox] = head;
  const body = svg
    .slice(head.index + tag.length)
    .replace(/<!--[\s\S]*?-->\s*/g, '')
    .replace(/<g id="((?:graph|node|edge|clust)\d+)"/g, (_, id: string) => `<g id="${prefix}-${id}"`)
    // The one family stands at the root.
    .replace(/font-family="DejaVu Sans Bold"/g, 'font-weight="bold"')
    .replace(/ font-family="DejaVu Sans"/g, '')
    .replace(/<text xml:space="preserve"/g, '<text')
    // Start is what SVG takes when nothing is said; a tenth of a pixel is as much as anybody sees.
    .replace(/ text-anchor="start"/g, '')
    .replaceAll('&#45;', '-')
    .replace(/-?\d+\.\d{2,}/g, (number) => `${Math.round(Number(number) * 10) / 10}`)
    // The usual size stands at the root.
    .replaceAll(` font-size="${USUAL}"`, '')
    .replace(ROUNDED, rectangle)
    .trim();
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${height}" viewBox="${viewBox}" role="img" aria-labelledby="${prefix}-title" font-family="${FONT_STACK}" font-size="${USUAL}">`,
    `<title id="${prefix}-title">${xml(title)}</title>`,
    body,
    '',
  ].join('\n');
}

const POINT = '(-?[\\d.]+),(-?[\\d.]+)';
/** What Graphviz writes for a box with round corners: a move and eight curves, four of them straight. */
const ROUNDED = new RegExp(`<path([^>]*) d="M${POINT}C${Array(24).fill(POINT).join(' ')}"/>`, 'g');

/** The same box as SVG has it: a third as long. */
function rectangle(path: string, attributes: string, ...rest: readonly (string | number)[]): string {
  const points = Array.from(
    { length: 25 },
    (_, i) => [Number(rest[2 * i]), Number(rest[2 * i + 1])] as const,
  );
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  // Another shape may have as many curves; of a box every point lies on an edge.
  if (!points.every(([x, y]) => x === left || x === right || y === top || y === bottom)) return path;
  const tenths = (value: number) => Math.round(value * 10) / 10;
  const [[startX]] = points as [readonly [number, number]];
  const radius = tenths(Math.min(startX - left, right - startX));
  return `<rect${attributes} x="${left}" y="${top}" width="${tenths(right - left)}" height="${tenths(bottom - top)}" rx="${radius}"/>`;
}

/** Back from the few entities that Graphviz writes in a title. */
function withoutEntities(text: string): string {
  return text
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&');
}
