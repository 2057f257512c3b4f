/** Lines that are no events: the header, declarations of loss, what tools add. */

export type Special =
  /** Says nothing about events. */
  | { readonly kind: 'comment' }
  /** The first line of a log. */
  | { readonly kind: 'start'; readonly tool: 'ftrace' | 'trace-cmd' }
  | { readonly kind: 'latency' }
  | {
      readonly kind: 'entries';
      readonly inBuffer: number;
      readonly written: number;
      readonly cpus: number | undefined;
    }
  | { readonly kind: 'lost'; readonly cpu: number; readonly count: number | undefined }
  | { readonly kind: 'started'; readonly cpu: number };

const COMMENT: Special = { kind: 'comment' };

/** Reads text[a, e) as such a line, or says that it is none (undefined). Cheap for lines of events. */
export function readSpecial(text: string, a: number, e: number): Special | undefined {
  if (a === e) return COMMENT;
  const c = text.charCodeAt(a);
  if (c === 35) return hash(text.slice(a, e));
  // C of CPU, c of cpus=, v of version, [ of nothing else, = and blank of stack traces.
  if (c === 67) return cpuLine(text.slice(a, e));
  if (c === 99)
    return /^cpus=\d{1,5}$/.test(text.slice(a, e)) ? { kind: 'start', tool: 'trace-cmd' } : undefined;
  if (c === 118) return /^version = \d{1,3}$/.test(text.slice(a, e)) ? COMMENT : undefined;
  if (c === 61 || c === 32) {
    if (text.startsWith('=> ', a) || text.startsWith(' => ', a)) return stackLine(text.slice(a, e));
  }
  return undefined;
}

function hash(line: string): Special | undefined {
  if (line.startsWith('# tracer: ')) return { kind: 'start', tool: 'ftrace' };
  const entries =
    /^# entries-in-buffer\/entries-written: (\d{1,15})\/(\d{1,15})(?:\s+#P:(\d{1,5}))?\s*$/.exec(line);
  if (entries) {
    const cpus = entries[3] === undefined ? undefined : Number(entries[3]);
    return { kind: 'entries', inBuffer: Number(entries[1]), written: Number(entries[2]), cpus };
  }
  const started = /^#{3,}\s*CPU (\d{1,5}) buffer started\s*#{3,}\s*$/.exec(line);
  if (started) return { kind: 'started', cpu: Number(started[1]) };
  const latency = /^# latency: \d+ us, #(\d{1,15})\/(\d{1,15}), CPU#\d+ \|.*?(?:#P:(\d{1,5})\)?)?\s*$/.exec(
    line,
  );
  if (latency) {
    const cpus = latency[3] === undefined ? undefined : Number(latency[3]);
    return { kind: 'entries', inBuffer: Number(latency[1]), written: Number(latency[2]), cpus };
  }
  if (/^# \w+ latency trace v[\d.]+ on /.test(line)) return { kind: 'latency' };
  for (let i = 0; i < line.length; i++) {
    const c = line.charCodeAt(i);
    if (c !== 9 && (c < 32 || c > 126)) return undefined;
  }
  // `#` and a blank: the header's drawing. `#####` with anything else was a declaration once.
  return line === '#' || line.startsWith('# ') ? COMMENT : undefined;
}

function cpuLine(line: string): Special | undefined {
  const lost = /^CPU:\s?(\d{1,5}) \[(?:LOST (?:(\d{1,15}) )?EVENTS|(?:(\d{1,15}) )?EVENTS DROPPED)\]$/.exec(
    line,
  );
  if (lost) {
    const count = lost[2] ?? lost[3];
    return { kind: 'lost', cpu: Number(lost[1]), count: count === undefined ? undefined : Number(count) };
  }
  return /^CPU \d{1,5} is empty$/.test(line) ? COMMENT : undefined;
}

function stackLine(line: string): Special | undefined {
  return /^ ?=> [\w.$+\-/[\] <>()]+$/.test(line) ? COMMENT : undefined;
}
