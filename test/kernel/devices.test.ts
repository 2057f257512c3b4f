/** What a device can reach, and what the kernel thinks of it, on every platform. */
import { describe, expect, test } from 'vitest';
import {
  cc_platform_has_mem_encrypt,
  DMA_MAPPING_ERROR,
  device_read,
  device_write,
  deviceFault,
  dma_capable,
  dma_coherent_ok,
  dma_to_phys,
  encodingOf,
  force_dma_unencrypted,
  phys_to_dma,
  reachesSharedOnly,
} from '../../src/kernel/device.ts';
import { changeCodes, HOST_SHARED, NORMAL_BASE, PTE_SHARED } from '../../src/kernel/memory.ts';
import { takeBlock } from '../../src/kernel/page-alloc.ts';
import { kernelOf, NAMES, run } from './platforms.ts';

const HIGH = { highBuffers: true } as const;

test('an example: on an SME host the answer changes when a driver sets its coherent mask', () => {
  const k = kernelOf('sme', 'v5', { coherentMaskBits: 32 });
  expect(force_dma_unencrypted(k, 0)).toBe(true);
  run(k, 'set_coherent_mask', { device: 0, bits: 64 });
  expect(force_dma_unencrypted(k, 0)).toBe(false);
});

describe('1 and 2: who reports memory encryption, and who is forced', () => {
  const table = (series: string) =>
    Object.fromEntries(
      NAMES.map((name) => {
        const k = kernelOf(name, series);
        const k32 = kernelOf(name, series, {}, { mask: '32' });
        const yes = (answer: boolean) => (answer ? '1' : '0');
        return [
          name,
          [cc_platform_has_mem_encrypt(k), force_dma_unencrypted(k, 0), force_dma_unencrypted(k32, 0)]
            .map(yes)
            .join(''),
        ];
      }),
    );
  const v5 = {
    sev: '111',
    snp: '111',
    tdx: '111',
    vtom: '111',
    cca: '111',
    pkvm: '111',
    's390-pv': '111',
    'ppc-svm': '111',
    sme: '101',
    plain: '000',
  };
  test.each([
    ['baseline', { ...v5, pkvm: '000', 's390-pv': '011' }],
    ['prefix:1', { ...v5, 's390-pv': '011' }],
    ['prefix:2', v5],
    ['v5', v5],
    ['without:1', { ...v5, pkvm: '000' }],
    ['without:2', { ...v5, 's390-pv': '011' }],
  ])('%s: MEM_ENCRYPT, forced with a 64-bit mask, forced with a 32-bit mask', (series, want) => {
    expect(table(series)).toEqual(want);
  });

  test('whatever the kernel thinks, an untrusted device of a guest reaches shared memory only', () => {
    const k = kernelOf('pkvm', 'baseline');
    expect([force_dma_unencrypted(k, 0), reachesSharedOnly(k, 0)]).toEqual([false, true]);
    const phys = takeBlock(k.state.buddy, 0);
    expect(deviceFault(k, 0, phys_to_dma(k, phys, true))).toBe('the host does not share the page');
  });
});

describe.each(NAMES)('%s', (name) => {
  test('the encoding can be told and stripped', () => {
    const k = kernelOf(name);
    const phys = takeBlock(k.state.buddy, 0);
    for (const shared of [true, false]) {
      const dma = phys_to_dma(k, phys, shared);
      expect(dma_to_phys(k, dma)).toBe(phys);
      const bit = ['sev', 'snp', 'cca', 'sme'].includes(name);
      expect(encodingOf(k, dma)).toBe(bit ? (shared ? 'shared' : 'private') : null);
    }
  });

  test('9: a forced device is not capable of what is not known to be shared; the converse is accepted', () => {
    for (const [series, refused] of [
      ['prefix:8', false],
      ['prefix:9', true],
    ] as const) {
      const k = kernelOf(name, series);
      const phys = takeBlock(k.state.buddy, 0);
      const can = (shared: boolean): boolean =>
        dma_capable(k, 0, phys_to_dma(k, phys, shared), 4096, true, shared);
      expect(can(true)).toBe(true);
      expect(can(false)).toBe(!(refused && force_dma_unencrypted(k, 0)));
    }
  });

  test('masks and the bus limit are asked of the encoded end', () => {
    const shared = ['sev', 'snp', 'tdx', 'vtom', 's390-pv', 'ppc-svm', 'pkvm', 'sme'].includes(name);
    const k = kernelOf(name, 'v5', { ...HIGH, busLimitBits: 33 }, { mask: '32' });
    const low = takeBlock(k.state.buddy, 0);
    // The top bit of a realm's shared address, and the C-bit of a private one, are beyond such a mask.
    expect(dma_coherent_ok(k, 0, low, 4096)).toBe(shared || name === 'plain');
    expect(dma_coherent_ok(k, 0, NORMAL_BASE, 4096)).toBe(false);
    expect(dma_coherent_ok(k, 0, 2 ** 32 - 4096, 4096)).toBe(name !== 'cca');
    expect(dma_coherent_ok(k, 0, 2 ** 32 - 4096, 4097)).toBe(false);
    const wide = kernelOf(name, 'v5', { busLimitBits: 33 });
    expect(dma_coherent_ok(wide, 0, 2 ** 33 - 4096, 4096)).toBe(name !== 'cca');
    expect(dma_coherent_ok(wide, 0, 2 ** 33 - 4096, 4097)).toBe(false);
  });

  test('without a window in its dma_range_map an address cannot be translated, and nothing reaches it', () => {
    const k = kernelOf(name, 'v5', { ...HIGH, dmaWindow: 'low' });
    for (const shared of [true, false]) {
      expect(phys_to_dma(k, NORMAL_BASE, shared)).toBe(DMA_MAPPING_ERROR);
      expect(dma_capable(k, 0, DMA_MAPPING_ERROR, 4096, true, shared)).toBe(false);
    }
    expect(dma_coherent_ok(k, 0, NORMAL_BASE, 4096)).toBe(false);
    expect(phys_to_dma(k, 4096, true)).not.toBe(DMA_MAPPING_ERROR);
  });

  test('a device reaches what it can, and what it cannot is a fault', () => {
    const k = kernelOf(name);
    const phys = takeBlock(k.state.buddy, 0);
    const reach = (shared: boolean): boolean =>
      device_write(k, 0, phys_to_dma(k, phys, shared), [[3, 7]]) &&
      device_read(k, 0, phys_to_dma(k, phys, shared) + 3) === 7;
    const encoded = encodingOf(k, phys_to_dma(k, phys, true)) !== null;
    const guest = !['sme', 'plain'].includes(name);
    // A private page: not by a shared address where addresses say it, and not at all from outside a guest.
    expect([reach(false), reach(true)]).toEqual([!guest, !guest && !encoded]);
    changeCodes(k.state.memory, phys, 1, PTE_SHARED | HOST_SHARED, 0);
    expect([reach(false), reach(true)]).toEqual([!encoded, true]);
  });

  test('acceptance: a guest may accept a device at any time, and no longer forces it', () => {
    const k = kernelOf(name);
    const guest = !['sme', 'plain'].includes(name);
    expect(k.offers('accept')).toEqual(guest ? [{ device: 0 }] : []);
    if (!guest) return;
    expect(force_dma_unencrypted(k, 0)).toBe(true);
    const before = k.state.devices[0]!.io_tlb_mem;
    run(k, 'accept', { device: 0 });
    expect(force_dma_unencrypted(k, 0)).toBe(false);
    expect(k.state.devices[0]!.io_tlb_mem).toBe(before);
    expect(k.offers('accept')).toEqual([]);
  });

  test('a mask that cannot hold a shared address is refused', () => {
    const k = kernelOf(name);
    const set = (bits: number): unknown => run(k, 'set_coherent_mask', { device: 0, bits })[0]!.result;
    expect(set(31)).toBe(-5);
    expect(k.state.devices[0]!.coherent_mask_bits).toBe(64);
    expect(set(32)).toBe(name === 'cca' ? -5 : 0);
    expect(set(48)).toBe(0);
    expect(k.state.devices[0]!).toMatchObject({ coherent_mask_bits: 48, dma_mask_bits: 64 });
  });
});
