/** Examples for the help of each command: a line that works as pasted, and what it shows. Tests run all but the long ones. */
export const EXAMPLES: Readonly<Record<string, readonly (readonly [line: string, what: string])[]>> = {
  check: [
    ['npx ccdma check', 'the whole series on every platform'],
    ['npx ccdma check --series baseline --platform cca', 'what the series repairs, as numbered tables'],
    ['npx ccdma check --series without:20 --expect', 'exactly the known findings, or exit code 1'],
    ['npx ccdma check --platform tdx --option coherent-pool=off --json', 'for a program'],
    ['npx ccdma check trusted --platform tdx --stats --coverage', 'which steps of the machines were taken'],
    [
      'npx ccdma check dynamic-pools --series baseline --platform cca --property no-sleep-in-atomic --more 3',
      'several counterexamples of one property',
    ],
  ],
  explore: [
    ['npx ccdma explore --platform tdx --workload grown-pool', 'one workload, every schedule of it'],
    [
      'npx ccdma explore --series baseline --platform cca --workload search-fails',
      'bugs, found without the specification',
    ],
  ],
  paths: [
    ['npx ccdma paths', 'how many paths and steps, and what they cover'],
    ['npx ccdma paths --series baseline --platform cca --out /tmp/paths', 'write them'],
  ],
  conform: [
    ['npx ccdma conform', 'the simulated kernel against its own machines'],
    [
      'npx ccdma conform --series baseline --against v5',
      'a kernel without the series against the intended machines',
    ],
  ],
  diagram: [
    ['npx ccdma diagram', 'all machines and counterexamples into generated/diagrams'],
    ['npx ccdma diagram --machine rcu-reader --format mermaid', 'one machine to standard output'],
    [
      'npx ccdma diagram dynamic-pools --series baseline --platform cca --property one-owner > one-owner.svg',
      'a counterexample as a sequence diagram',
    ],
  ],
  replay: [
    ['npx ccdma replay --finding pool-encrypted-in-softirq', 'a known finding, step by step'],
    [
      'npx ccdma replay dynamic-pools --series baseline --platform cca --property one-owner --simulate',
      'a counterexample, also on the simulated kernel',
    ],
    ['npx ccdma replay --file generated/paths/dynamic-pools-v5-cca.json --index 1', 'one path of a suite'],
  ],
  simulate: [
    ['npx ccdma simulate test/scenarios/azure-nvme.ts', 'the test that the series is known to have passed'],
    [
      'npx ccdma simulate test/scenarios/azure-nvme.ts --platform snp --steps',
      'on one platform, with every step of the kernel',
    ],
    [
      'npx ccdma simulate test/scenarios/transient-pool.ts --platform cca --trace',
      'the log that ftrace would have recorded',
    ],
  ],
  decide: [
    ['npx ccdma decide map --platform tdx --device untrusted --attrs MMIO', 'one kind of mapping'],
    [
      'npx ccdma decide map --platform sme --option mask=32 --series baseline --series v5',
      'before and after',
    ],
    ['npx ccdma decide map --platform cca --attrs none --request size=fits --why', 'question by question'],
  ],
  matrix: [
    ['npx ccdma matrix', 'every prefix of the series on every platform'],
    [
      'npx ccdma matrix --platform cca --series prefix:17 --workload search-fails-once',
      'one patch in isolation',
    ],
  ],
  export: [
    ['npx ccdma export promela dynamic-pools --platform tdx > model.pml', 'for spin -a and pan'],
    [
      'npx ccdma export promela dynamic-pools --platform tdx --liveness --property pool-comes-back > live.pml',
      'for pan -a -f: does every retired pool come back?',
    ],
    [
      'npx ccdma export tla dynamic-pools --platform cca --out /tmp/tla',
      'a module, and a configuration for TLC',
    ],
    [
      'npx ccdma export itf dynamic-pools --series baseline --platform cca --property one-owner',
      'a counterexample, for the viewers of Apalache and Quint',
    ],
  ],
  trace: [
    [
      'npx ccdma trace test/fixtures/traces/linux-7.3/contexts.txt.gz',
      'a log of a kernel that contains the series',
    ],
    [
      'npx ccdma trace test/fixtures/traces/linux-6.12/exhaust.txt.gz --diagram /tmp/free-in-softirq.svg',
      'a kernel before it: dynamic pools are freed in softirq',
    ],
    [
      'npx ccdma trace test/fixtures/traces/linux-6.12/exhaust.txt.gz --to-path',
      'the life of such a pool as a path, and what v5 would have done',
    ],
    [
      'npx ccdma trace test/fixtures/traces/linux-7.3/contexts.txt.gz --platform tdx --coverage --diagrams /tmp/coverage --suggest',
      'what the workload exercised of the machines, and what would exercise the rest',
    ],
  ],
  probes: [
    ['npx ccdma probes --kernel 6.12', 'shell lines for an older kernel'],
    ['npx ccdma probes --as bootconfig', 'to record from boot'],
  ],
  start: [['npx ccdma start', 'what npm start runs']],
};
