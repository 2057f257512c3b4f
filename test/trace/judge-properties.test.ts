/** Each property on a small log that keeps it and one that breaks it; then every kind of loss. */
import { describe, expect, test } from 'vitest';
import { PLATFORMS, V5 } from '../../src/series/index.ts';
import { judgeText, type PropertyName, Specification } from '../../src/trace/judge/index.ts';

const HEADER = '# tracer: nop\n#\n# entries-in-buffer/entries-written: 9/9   #P:2\n#\n';
const ALL = new Specification(V5);

/** Lines from `FLAGS EVENT: BODY`, a hundred microseconds apart; a seventh column changes task, CPU or time. */
function log(...events: (string | { at?: number; cpu?: number; pid?: number; line: string })[]): string {
  let time = 5;
  const lines = events.map((event) => {
    const { at, cpu = 0, pid = 56, line } = typeof event === 'string' ? { line: event } : event;
    time = at ?? time + 0.0001;
    const [flags, ...rest] = line.split(' ');
    return `              sh-${pid}      [00${cpu}] ${flags}     ${time.toFixed(6)}: ${rest.join(' ')}`;
  });
  return `${HEADER}${lines.join('\n')}\n`;
}

function verdict(text: string, name: PropertyName, specification = ALL) {
  return judgeText(text, specification).verdict.properties.find((one) => one.name === name)!;
}

const DEV = 'dev="ccdma"';
const alloc = (cpu: string, dma: string, pages = 1) => [
  `..... dma_alloc_attrs: (dma_alloc_attrs+0x4/0x2a0) ${DEV} size=${4096 * pages} gfp=0xcc0 attrs=0x0`,
  `..... dma_direct_alloc: (dma_direct_alloc+0x4/0x2b0) ${DEV} size=${4096 * pages} gfp=0xcc0 attrs=0x4000`,
  `..... set_memory_decrypted: (set_memory_decrypted+0x4/0x70) addr=0x${cpu} numpages=${pages}`,
  '..... set_memory_decrypted_ret: (dma_direct_alloc+0xce/0x2b0 <- set_memory_decrypted) ret=0',
  `..... dma_direct_alloc_ret: (dma_alloc_attrs+0x86/0x2a0 <- dma_direct_alloc) ret=0x${cpu}`,
  `..... dma_alloc: ccdma dir=BIDIRECTIONAL dma_addr=${dma} size=${4096 * pages} virt_addr=00000000f5818738 flags=GFP_KERNEL attrs=ALLOC_CC_SHARED`,
];
const free = (cpu: string, dma: string, ...middle: string[]) => [
  `..... dma_free: ccdma dir=BIDIRECTIONAL dma_addr=${dma} size=4096 virt_addr=00000000f5818738 attrs=`,
  `..... dma_direct_free: (dma_direct_free+0x4/0x290) ${DEV} size=4096 cpu_addr=0x${cpu} dma_addr=0x${dma} attrs=0x0`,
  ...middle,
  '..... dma_direct_free_ret: (dma_free_attrs+0x90/0x1a0 <- dma_direct_free)',
];
const offered = (cpu: string, ret: number) => [
  `..... dma_free_from_pool: (dma_free_from_pool+0x4/0xd0) ${DEV} start=0x${cpu} size=4096`,
  `..... dma_free_from_pool_ret: (dma_direct_free+0x68/0x290 <- dma_free_from_pool) ret=${ret}`,
];
const encrypt = (cpu: string, pages = 1, ret = 0, flags = '.....') => [
  `${flags} set_memory_encrypted: (set_memory_encrypted+0x4/0x70) addr=0x${cpu} numpages=${pages}`,
  `${flags} set_memory_encrypted_ret: (dma_direct_free+0x157/0x290 <- set_memory_encrypted) ret=${ret}`,
];
const A = 'ffff956543992000';
const B = 'ffff956543994000';
const made = alloc(A, '3992000');

test('an allocation freed as it was made: three properties hold over its checks', () => {
  const text = log(...made, ...free(A, '3992000', ...offered(A, 0), ...encrypt(A)));
  for (const name of ['free-private', 'free-undoes-alloc', 'no-sleep-in-atomic'] as const) {
    expect(verdict(text, name).status).toBe('holds');
  }
  expect(judgeText(text, ALL).verdict.strays).toEqual([]);
});

describe('what breaks a property is found, at its line', () => {
  const cases: [string, PropertyName, string, number][] = [
    [
      'freed and never made private',
      'free-private',
      // Another free shows that the probe is there.
      log(
        ...alloc(B, '3994000'),
        ...free(B, '3994000', ...offered(B, 0), ...encrypt(B)),
        ...made,
        ...free(A, '3992000', ...offered(A, 0)),
      ),
      28,
    ],
    [
      'fewer pages made private',
      'free-undoes-alloc',
      log(...alloc(A, '3992000', 4), ...free(A, '3992000', ...offered(A, 0), ...encrypt(A, 3))),
      17,
    ],
    [
      'pages from the allocator given to an atomic pool',
      'free-undoes-alloc',
      log(...made, ...free(A, '3992000', ...offered(A, 1))),
      14,
    ],
    [
      'freed twice',
      'free-undoes-alloc',
      log(...made, ...free(A, '3992000', ...offered(A, 0), ...encrypt(A)), ...free(A, '3992000')),
      18,
    ],
    ['handed out twice', 'one-owner', log(...made, ...alloc(A, '3992000')), 16],
    [
      'an allocation that may sleep, in atomic context',
      'no-sleep-in-atomic',
      log(made[0]!.replace('.....', 'd....')),
      5,
    ],
    ['a conversion under a spinlock', 'no-sleep-in-atomic', log(...encrypt(A, 1, 0, '...1.')), 5],
    [
      'pages shared inside a mapping',
      'no-exposure',
      log(
        `..... kp_dma_map_phys: (dma_map_phys+0x4/0x1a0) ${DEV} phys=0x3992000 size=4096 dir=2 attrs=0x0`,
        `..... set_memory_decrypted: (set_memory_decrypted+0x4/0x70) addr=0x${A} numpages=1`,
        '..... set_memory_decrypted_ret: (dma_direct_map_phys+0x10/0x100 <- set_memory_decrypted) ret=0',
      ),
      7,
    ],
    [
      'pages of an atomic pool made private',
      'pool-tells-the-truth',
      log(
        '..... atomic_pool_expand: (atomic_pool_expand+0x0/0x180) pool=0xffffffff924a4280 size=131072 gfp=0xcc1',
        `..... set_memory_decrypted: (set_memory_decrypted+0x4/0x70) addr=0x${A} numpages=32`,
        '..... set_memory_decrypted_ret: (atomic_pool_expand+0x9e/0x180 <- set_memory_decrypted) ret=0',
        '..... atomic_pool_expand_ret: (atomic_pool_work_fn+0x9f/0xd0 <- atomic_pool_expand) ret=0',
        ...encrypt(B),
      ),
      10,
    ],
    [
      'the address of the buffer itself, for a device that reaches shared memory only',
      'device-can-reach',
      log(
        ...made,
        '..... dma_map_phys: ccdma dir=TO_DEVICE dma_addr=5a73000 size=4096 phys_addr=5a73000 attrs=',
      ),
      11,
    ],
  ];
  test.each(cases)('%s: %s', (_, name, text, line) => {
    const found = verdict(text, name);
    expect(found).toMatchObject({ status: 'violated', violations: 1 });
    expect(found.first[0]!.line).toBe(line);
  });
});

const map = (slot: string, orig: string) => [
  `..... kp_dma_map_phys: (dma_map_phys+0x4/0x1a0) ${DEV} phys=0x${orig} size=4096 dir=2 attrs=0x0`,
  `..... swiotlb_tbl_map_single: (swiotlb_tbl_map_single+0x4/0x820) ${DEV} orig=0x${orig} size=4096 align=0x0 dir=2 attrs=0x0`,
  `..... swiotlb_tbl_map_single_ret: (swiotlb_map+0x86/0x360 <- swiotlb_tbl_map_single) ret=0x${slot}`,
  `..... dma_map_phys: ccdma dir=FROM_DEVICE dma_addr=${slot} size=4096 phys_addr=${orig} attrs=`,
];
const release = (slot: string) => [
  `..... kp_dma_unmap_phys: (dma_unmap_phys+0x4/0x340) ${DEV} addr=0x${slot} size=4096 dir=2 attrs=0x0`,
  `..... swiotlb_tbl_unmap_single: (__swiotlb_tbl_unmap_single+0x4/0x2a0) ${DEV} tlb=0x${slot} size=4096 dir=2 attrs=0x20 pool=0xffffffff926d0e60`,
];
const over = (slot: string) =>
  `..... dma_unmap_phys: ccdma dir=FROM_DEVICE dma_addr=${slot} size=4096 attrs=`;
const whole = (slot: string, orig: string) => [...map(slot, orig), ...release(slot), over(slot)];

describe('a slot is handed out once at a time', () => {
  test('the tracepoint of the unmap comes late: another CPU has the slot already', () => {
    const text = log(
      ...map('3e800000', '5a73000'),
      ...release('3e800000'),
      ...map('3e800000', '5a74000').map((line) => ({ cpu: 1, pid: 57, line })),
      over('3e800000'),
      ...[...release('3e800000'), over('3e800000')].map((line) => ({ cpu: 1, pid: 57, line })),
    );
    expect(verdict(text, 'one-owner')).toMatchObject({ status: 'holds', checks: 2 });
    expect(verdict(text, 'free-undoes-alloc').violations).toBe(0);
  });

  test('the release that the probe missed is explained by the tracepoint', () => {
    const text = log(
      ...whole('3e801000', '5a75000'),
      ...map('3e800000', '5a73000'),
      ...map('3e800000', '5a74000'),
      over('3e800000'),
      { at: 9, line: `..... ${over('3e800000').slice(6)}` },
    );
    expect(verdict(text, 'one-owner').violations).toBe(0);
  });

  test('nobody released it, and a second later nobody has: it has two owners', () => {
    const later = Array.from({ length: 300 }, (_, i) => ({
      at: 9 + i / 1000,
      line: '..... tracing_mark_write: waiting',
    }));
    const text = log(
      ...whole('3e801000', '5a75000'),
      ...map('3e800000', '5a73000'),
      ...map('3e800000', '5a74000'),
      ...later,
      ...whole('3e802000', '5a76000'),
    );
    expect(verdict(text, 'one-owner')).toMatchObject({ status: 'violated', violations: 1 });
    expect(verdict(text, 'one-owner').first[0]!.line).toBe(18);
  });

  test('released twice', () => {
    const [, second] = release('3e800000');
    expect(
      verdict(log(...map('3e800000', '5a73000'), ...release('3e800000'), second!), 'free-undoes-alloc'),
    ).toMatchObject({ status: 'violated', violations: 1 });
  });
});

test('an address with the wrong bit, once the platform is named', () => {
  const snp = new Specification(
    V5,
    PLATFORMS.filter(({ name }) => name === 'snp'),
  );
  const { bit } = snp.platforms[0]!.addressBit!;
  const set = (2 ** bit + 0x3992000).toString(16);
  expect(verdict(log(...made), 'address-matches-memory', snp).status).toBe('holds');
  expect(verdict(log(...alloc(A, set)), 'address-matches-memory', snp).status).toBe('violated');
  expect(verdict(log(...made), 'address-matches-memory').status).toBe('undecided');
});

describe('loss creates no violation', () => {
  const broken = log(
    ...alloc(B, '3994000'),
    ...free(B, '3994000', ...offered(B, 0), ...encrypt(B)),
    ...made,
    ...free(A, '3992000', ...offered(A, 0)),
  );
  const twice = log(...made, ...alloc(A, '3992000'));

  test('what the log declares missing makes objects unknown', () => {
    const lines = twice.split('\n');
    lines.splice(10, 0, 'CPU:0 [LOST 12 EVENTS]');
    const found = verdict(lines.join('\n'), 'one-owner');
    expect(found.violations).toBe(0);
    expect(judgeText(lines.join('\n'), ALL).verdict.lossy).toBe(true);
  });

  test('a CPU whose events begin later takes back what was concluded without it', () => {
    const lines = twice.replace('9/9', '9/99').split('\n');
    expect(verdict(lines.join('\n'), 'one-owner').violations).toBe(0);
    expect(
      verdict([...lines.slice(0, -1), '##### CPU 1 buffer started ####', ''].join('\n'), 'one-owner')
        .violations,
    ).toBe(0);
  });

  test('without its header nothing is concluded from what is not there', () => {
    const text = broken.slice(HEADER.length);
    expect(verdict(broken, 'free-private').violations).toBe(1);
    expect(verdict(text, 'free-private').violations).toBe(0);
  });

  test('a line cut anywhere', () => {
    const good = log(
      ...made,
      ...free(A, '3992000', ...offered(A, 0), ...encrypt(A)),
      ...whole('3e800000', '5a73000'),
    );
    const lines = good.split('\n');
    for (let i = 4; i < lines.length - 1; i++) {
      for (let end = 1; end < lines[i]!.length; end++) {
        const cut = [...lines.slice(0, i), lines[i]!.slice(0, end), ...lines.slice(i + 1)].join('\n');
        const bad = judgeText(cut, ALL).verdict.properties.filter(({ status }) => status === 'violated');
        expect(bad.map(({ name, first }) => [name, first[0]!.because, lines[i]!.slice(0, end)])).toEqual([]);
      }
    }
  });
});
