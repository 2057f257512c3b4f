/** A plan as lines for a shell, for the kernel's command line, and as a bootconfig. */
import type { Plan, Planned } from './plan.ts';

const TRACEFS = '/sys/kernel/tracing';

/** `p:ccdma/NAME SYMBOL ARGS` and, with a return, `r:ccdma/NAME_ret SYMBOL ret=$retval`. */
export function definitions({ probe, symbol }: Planned): string[] {
  const entry = [`p:ccdma/${probe.event}`, symbol, ...probe.args].join(' ');
  return probe.ret ? [entry, `r:ccdma/${probe.event}_ret ${symbol} ${returnOf(probe)}`] : [entry];
}

/** What a function returns. A bool fills one byte; what is above it is left over. */
function returnOf({ event }: Planned['probe']): string {
  const type = /^set_memory|^atomic_pool_expand/.test(event)
    ? ':s32'
    : event === 'dma_free_from_pool'
      ? ':u8'
      : '';
  return `ret=$retval${type}`;
}

/** To be run as root. A definition that the kernel refuses is said and left out. */
export function shellLines(plan: Plan): string {
  return [
    '# Run as root. A probe that the kernel refuses is named, and the rest goes on.',
    `cd ${TRACEFS} || exit 1`,
    'echo 0 > tracing_on',
    'echo > trace',
    'echo 65536 > buffer_size_kb            # for each CPU: lost events cost verdicts',
    '# What an earlier run has left:',
    'for probe in events/ccdma/*/; do',
    '  [ -d "$probe" ] && echo 0 > "$probe/enable" && echo "-:ccdma/$(basename "$probe")" >> kprobe_events',
    'done',
    'echo 1 > options/irq-info 2>/dev/null  # the execution context',
    'echo 0 > options/hash-ptr 2>/dev/null  # addresses as they are',
    ...plan.probes.flatMap((planned) =>
      definitions(planned).map(
        (line) => `echo '${line}' >> kprobe_events || echo 'not set: ${planned.probe.event}' >&2`,
      ),
    ),
    ...plan.tracepoints.map((group) => `echo 1 > events/${group}/enable`),
    ...(plan.probes.length > 0 ? ['echo 1 > events/ccdma/enable'] : []),
    'echo 1 > tracing_on',
    '# ... the workload ...',
    'echo 0 > tracing_on',
    'gzip < trace > /tmp/trace.txt.gz       # then: npx ccdma trace /tmp/trace.txt.gz',
  ].join('\n');
}

/**
 * `COMMAND_LINE_SIZE` of x86 (arch/x86/include/asm/setup.h) and arm64 (arch/arm64/include/uapi/asm/setup.h), in bytes:
 * what is longer is cut. `kprobe_event=` is kept in as much (kernel/trace/trace_kprobe.c, set_kprobe_boot_events).
 */
export const COMMAND_LINE_SIZE = 2048;

/** One line for the boot loader. Strings cannot be read there before the memory is mapped: devices are left out. */
export function commandLine(plan: Plan): string {
  const probes = plan.probes.flatMap((planned) =>
    definitions(atBoot(planned)).map((line) => line.replaceAll(' ', ',')),
  );
  return [
    'trace_buf_size=64M',
    `trace_event=${plan.tracepoints.map((group) => `${group}:*`).join(',')}`,
    `kprobe_event=${probes.join(';')}`,
  ].join(' ');
}

/** For `bootconfig -a` on the initial RAM disk, with `bootconfig` on the command line. */
export function bootconfig(plan: Plan): string {
  const events = plan.probes.flatMap((planned) => {
    const { probe, symbol } = atBoot(planned);
    const entry = ['        enable', `        probes = "${[symbol, ...probe.args].join(' ')}"`];
    const exit = ['        enable', `        probes = "${symbol}%return ${returnOf(probe)}"`];
    return [
      `    kprobes.${probe.event} {`,
      ...entry,
      '    }',
      ...(probe.ret ? [`    kprobes.${probe.event}_ret {`, ...exit, '    }'] : []),
    ];
  });
  return [
    'ftrace {',
    '    buffer_size = 64MB',
    '    event {',
    ...plan.tracepoints.map((group) => `        ${group}.enable`),
    '    }',
    '}',
    'ftrace.event {',
    ...events,
    '}',
  ].join('\n');
}

const atBoot = ({ probe, symbol }: Planned): Planned => ({
  symbol,
  probe: { ...probe, args: probe.args.filter((arg) => !arg.startsWith('dev=')) },
});
