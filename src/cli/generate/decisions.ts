/** generated/tables: the decision tables of the whole series, with the usual options and with each that matters most. */
import { specFacts } from '../../conformance/facts.ts';
import {
  csvDecisions,
  type DecisionTable,
  markdownDecisions,
  mergeRows,
  type Op,
  rstDecisions,
  type Section,
  type Setting,
  TABLES,
} from '../../decide/index.ts';
import { crossOptions, type OptionName, PLATFORMS, V5 } from '../../series/index.ts';
import type { GeneratedFile } from './file.ts';

/** Each is a section; what other options change, and several at once, the command says. */
const VARIED: readonly OptionName[] = ['device', 'swiotlb', 'mask', 'iommu'];

export function* decisionFiles(): Generator<GeneratedFile, void, undefined> {
  for (const [op, table] of Object.entries(TABLES) as [Op, DecisionTable][]) {
    const title = `${table.title}, ${V5.name}`;
    const sections = sectionsOf(table);
    const files = {
      md: markdownDecisions(title, sections),
      rst: rstDecisions(title, sections),
      csv: csvDecisions(sections),
    };
    for (const [extension, content] of Object.entries(files)) {
      yield {
        path: `tables/decide-${op}.${extension}`,
        content,
        cause: `the decision table of ${op}, ${V5.name}, computed from the specification`,
      };
    }
  }
}

function sectionsOf(table: DecisionTable): Section[] {
  const section = (name: string, varied: readonly OptionName[]): Section => ({
    name,
    table: mergeRows(table.rows(settings(varied)), table.attrs),
  });
  return [section('usual options', []), ...VARIED.map((name) => section(`${name} varied`, [name]))];
}

/** Every platform with its usual options, and with every value of those that are varied. */
function settings(varied: readonly OptionName[]): Setting[] {
  return PLATFORMS.flatMap((platform) =>
    [...crossOptions(platform, varied)].map((options) => ({
      platform: platform.name,
      series: V5.name,
      patches: V5.patches,
      options: { ...options },
      facts: specFacts(platform, options),
    })),
  );
}
