/**
 * Stimuli of the boot, of the probe of a device, and of what changes a device while the system runs.
 *
 * The boot runs as `boot/0` on CPU 0, the probe of device N as `probe/N` on CPU N; both in process context.
 */
import { DEFAULT_MEM } from './boot.ts';
import { deviceOf } from './device.ts';
import { swiotlb_exit, swiotlb_init, swiotlb_update_mem_attributes } from './dma/swiotlb-boot.ts';
import { swiotlb_init_late } from './dma/swiotlb-late.ts';
import { rmem_swiotlb_device_init, rmem_swiotlb_device_release } from './dma/swiotlb-rmem.ts';
import type { Kernel, StimulusRule } from './kernel.ts';
import { cpuCanBeEntered } from './scheduler.ts';
import type { Args } from './steps.ts';
import type { Run, Task } from './task.ts';

const BOOT = 'boot/0';

/** A step of the boot: one at a time. */
function bootStep(
  due: (k: Kernel) => boolean,
  run: (k: Kernel, t: Task) => Run,
  begun: (k: Kernel) => void = () => {},
): StimulusRule {
  return {
    offers: (k) => (!k.hasTask(BOOT) && cpuCanBeEntered(k.state, 0) && due(k) ? [{}] : []),
    apply: (k) => {
      begun(k);
      k.spawn(BOOT, 0, 'process', (t) => run(k, t));
    },
  };
}

/** Stimulus `swiotlb_init`: once, early. */
const init = bootStep(
  (k) => !k.state.boot.swiotlb,
  swiotlb_init,
  (k) => {
    k.state.boot.swiotlb = true;
  },
);

/** Stimulus `swiotlb_update_mem_attributes`: once, at any time after `swiotlb_init`. */
const update = bootStep(
  (k) => k.state.boot.swiotlb && !k.state.boot.attributes,
  swiotlb_update_mem_attributes,
  (k) => {
    k.state.boot.attributes = true;
  },
);

/** Stimulus `swiotlb_init_late`: once the page allocator works; not after a teardown, when the boot is over. */
const initLate = bootStep((k) => k.state.boot.swiotlb && !k.state.boot.exited, swiotlb_init_late);

/** Stimulus `swiotlb_exit`: once, when the boot finds that nobody needs the pool, so that nobody may be using it. */
const exit = bootStep(
  (k) => k.state.boot.attributes && !k.state.boot.exited && nobodyUses(k, DEFAULT_MEM),
  swiotlb_exit,
  (k) => {
    k.state.boot.exited = true;
  },
);

function nobodyUses(k: Kernel, mem: number): boolean {
  return k.state.devices.every((d) => d.io_tlb_mem !== mem || isQuiet(k, d.id));
}

/** No driver of the device has anything mapped or allocated, or is about to. */
function isQuiet(k: Kernel, device: number): boolean {
  return k.state.drivers.every(
    (d, n) =>
      d.device !== device ||
      (d.mapping === null &&
        d.list === null &&
        d.allocations.length === 0 &&
        k.task(`driver/${n}`).pending === null),
  );
}

/** A step of the probe of a device, or of its removal: no driver uses it. */
function probeStep(
  due: (k: Kernel, device: number) => boolean,
  run: (k: Kernel, t: Task, device: number) => Run,
): StimulusRule {
  return {
    offers: (k) =>
      k.state.devices
        .filter(
          ({ id }) =>
            !k.hasTask(`probe/${id}`) && cpuCanBeEntered(k.state, id) && isQuiet(k, id) && due(k, id),
        )
        .map(({ id }): Args => ({ device: id })),
    apply: (k, args) => {
      const device = args.device as number;
      k.spawn(`probe/${device}`, device, 'process', (t) => run(k, t, device));
    },
  };
}

const attached = (k: Kernel, device: number): boolean => deviceOf(k, device).io_tlb_mem !== DEFAULT_MEM;

/** Stimulus `rmem_device_init`: a device that the device tree gives a region, and that is not attached to it. */
const rmemInit = probeStep((k, d) => k.state.regions.length > 0 && !attached(k, d), rmem_swiotlb_device_init);

/** Stimulus `rmem_device_release`. */
const rmemRelease = probeStep(attached, rmem_swiotlb_device_release);

/**
 * Stimulus `accept`: the guest accepts a device (TDISP, T=1), at any time, whatever it holds. Nothing else changes:
 * at v5 no platform looks at it, and nothing switches the device's `io_tlb_mem`. It is the extension that the
 * series prepares for.
 */
const accept: StimulusRule = {
  offers: (k) =>
    k.config.fact('forces') === 'all'
      ? k.state.devices.filter((d) => !d.trusted).map(({ id }): Args => ({ device: id }))
      : [],
  apply: (k, args) => {
    deviceOf(k, args.device as number).trusted = true;
  },
};

const EIO = 5;
const BITS = [32, 64] as const;

/**
 * Stimulus `set_coherent_mask`: `dma_set_coherent_mask()` (kernel/dma/mapping.c). Refused with -EIO where the mask
 * cannot hold a shared address of the first 4 GiB (`dma_direct_supported()`). Result: 0 or the error.
 */
const setCoherentMask: StimulusRule = {
  offers: (k) =>
    k.state.devices.flatMap((d) =>
      BITS.filter((bits) => bits !== d.coherent_mask_bits).map((bits): Args => ({ device: d.id, bits })),
    ),
  accepts: (k, { device, bits, ...rest }) =>
    Object.keys(rest).length === 0 &&
    typeof device === 'number' &&
    k.state.devices[device] !== undefined &&
    typeof bits === 'number' &&
    Number.isInteger(bits) &&
    bits >= 1 &&
    bits <= 64,
  apply: (k, args) => {
    const bits = args.bits as number;
    const enc = k.config.fact('addressBit');
    const least = enc?.meaning === 'shared' ? enc.bit + 1 : 32;
    if (bits < least) {
      k.note(-EIO);
      return;
    }
    deviceOf(k, args.device as number).coherent_mask_bits = bits;
    k.note(0);
  },
};

/** All of them, by name. */
export const BOOT_STIMULI = {
  swiotlb_init: init,
  swiotlb_update_mem_attributes: update,
  swiotlb_init_late: initLate,
  swiotlb_exit: exit,
  rmem_device_init: rmemInit,
  rmem_device_release: rmemRelease,
  accept,
  set_coherent_mask: setCoherentMask,
} as const satisfies Readonly<Record<string, StimulusRule>>;
