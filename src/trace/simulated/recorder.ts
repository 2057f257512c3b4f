/**
 * Watches a simulated kernel and writes what ftrace would have written. What a function does is a step that its task
 * takes later than it enters the function: the event of the entry waits for that step, as the log of a task that was
 * preempted in between would show it.
 */
import type { Frame, Given, Kernel, Task, Watcher } from '../../kernel/index.ts';
import { type Call, word } from './arguments.ts';
import { CALLS } from './calls.ts';
import { lineText, logText, type Who } from './line.ts';

export interface RecorderOptions {
  /** What the log calls a device. Default: `dev0`, `dev1`. */
  readonly deviceName?: (device: number) => string;
}

interface Drafted {
  readonly who: Who;
  readonly event: string;
}

/** What is known of a task between its steps. */
interface Track {
  /** Events behind its last step, which its next one brings out. */
  readonly held: Drafted[];
  /** It entered a function since its last step. */
  entering: boolean;
  /** What open calls were given, outermost first. */
  readonly given: Map<Frame, Given>;
}

const FIRST_PID = 100;
const EARLY: ReadonlySet<string> = new Set(['swiotlb_init', 'swiotlb_update_mem_attributes']);

export class Recorder implements Watcher {
  readonly lines: string[] = [];
  readonly #kernel: Kernel;
  readonly #deviceName: (device: number) => string;
  readonly #tracks = new WeakMap<Task, Track>();
  readonly #pids = new Map<string, number>();
  readonly #entries = new Map<number, number>();

  constructor(kernel: Kernel, options: RecorderOptions = {}) {
    this.#kernel = kernel;
    this.#deviceName = options.deviceName ?? ((device) => `dev${device}`);
    kernel.watch(this);
  }

  /** The log so far, as tracefs prints it. */
  text(): string {
    return logText(this.lines, 2);
  }

  /** A mark of the script that drives the kernel. */
  mark(text: string): void {
    this.#write({
      who: { task: 'script', pid: 99, cpu: 0, context: 'process' },
      event: `tracing_mark_write: ${text}`,
    });
  }

  /** A call of a function that the simulator does at once, in a thread of no further interest. */
  called(event: string, args: Readonly<Record<string, string | number>>): void {
    const fields = Object.entries(args).map(
      ([name, value]) => ` ${name}=${typeof value === 'string' ? `"${value}"` : `0x${word(value)}`}`,
    );
    this.#write({
      who: { task: 'script', pid: 99, cpu: 0, context: 'process' },
      event: `${event}: (${event}+0x0/0x0)${fields.join('')}`,
    });
  }

  deviceName(device: number): string {
    return this.#deviceName(device);
  }

  resumed(task: Task): void {
    const track = this.#track(task);
    this.#flush(track);
    track.entering = false;
  }

  entered(task: Task, frame: Frame, given: Given): void {
    const track = this.#track(task);
    track.entering = true;
    const events = CALLS[frame.fn];
    if (events === undefined) return;
    track.given.set(frame, given);
    if (events.entry === undefined) return;
    const caller = task.stack[task.stack.length - 2]?.fn ?? '';
    for (const event of events.entry(this.#call(task, frame, given, caller))) this.#draft(task, track, event);
  }

  returned(task: Task, frame: Frame, ret: number | string | boolean | undefined): void {
    const track = this.#track(task);
    const events = CALLS[frame.fn];
    if (events !== undefined) {
      const given = track.given.get(frame) ?? {};
      track.given.delete(frame);
      const caller = task.stack[task.stack.length - 1]?.fn ?? '';
      for (const event of events.exit?.(this.#call(task, frame, given, caller), ret) ?? [])
        this.#draft(task, track, event);
    }
    // A task that is done takes no further step.
    if (task.stack.length === 0) this.#flush(track);
  }

  #call(task: Task, frame: Frame, given: Given, caller: string): Call {
    return {
      kernel: this.#kernel,
      task,
      frame,
      given,
      givenTo: this.#track(task).given,
      entries: this.#entries,
      caller,
      deviceName: this.#deviceName,
    };
  }

  #track(task: Task): Track {
    let track = this.#tracks.get(task);
    if (track === undefined) {
      track = { held: [], entering: false, given: new Map() };
      this.#tracks.set(task, track);
    }
    return track;
  }

  #draft(task: Task, track: Track, event: string): void {
    const drafted = { who: this.#who(task), event };
    if (track.entering) track.held.push(drafted);
    else this.#write(drafted);
  }

  #flush(track: Track): void {
    for (const drafted of track.held.splice(0)) this.#write(drafted);
  }

  #write({ who, event }: Drafted): void {
    // A second after boot, and a microsecond for each event.
    this.lines.push(lineText(who, 1_000_000 + this.lines.length, event));
  }

  /** A softirq runs under the name of the task that it interrupts. */
  #who(task: Task): Who {
    const { cpu, context } = task;
    const shown = context === 'softirq' ? this.#interrupted(cpu) : task.name;
    if (shown === null) return { task: '<idle>', pid: 0, cpu, context };
    if (shown.startsWith('boot/')) {
      // Before the first initcall there is no task but the idle one.
      const early = task.stack.some(({ fn }) => EARLY.has(fn));
      return early ? { task: '<idle>', pid: 0, cpu, context } : { task: 'swapper/0', pid: 1, cpu, context };
    }
    const kworker = shown.startsWith('kworker/');
    return {
      task: kworker ? `kworker/${cpu}:${this.#pid(shown) - FIRST_PID}` : shown,
      pid: this.#pid(shown),
      cpu,
      context,
    };
  }

  #interrupted(cpu: number): string | null {
    const running = this.#kernel.state.tasks.find(
      (t) => t.cpu === cpu && t.context !== 'softirq' && t.stack.length > 0,
    );
    return running?.name ?? null;
  }

  #pid(name: string): number {
    let pid = this.#pids.get(name);
    if (pid === undefined) {
      pid = FIRST_PID + this.#pids.size;
      this.#pids.set(name, pid);
    }
    return pid;
  }
}
