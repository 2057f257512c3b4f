/** Drivers that are bound and unbound, devices that are accepted, and what the world does meanwhile. */
import type { Device, Driver, Simulator } from './api.ts';
import { deviceOf, show, whole } from './check.ts';
import type { DeviceRecord, Session } from './session.ts';
import { count, hex } from './words.ts';

type Calls = Pick<
  Simulator,
  'driver' | 'accept' | 'dma_set_coherent_mask' | 'atomic' | 'settle' | 'failNext'
>;

export function worldCalls(s: Session): Calls {
  return {
    driver: (name, code) => {
      if (typeof name !== 'string' || name === '') s.mistake(`driver: ${show(name)} is no name`);
      for (const part of ['probe', 'remove'] as const)
        if (typeof code?.[part] !== 'function')
          s.mistake(`driver '${name}': ${part} is ${show(code?.[part])}; it must be a function`);
      const bound = new Map<DeviceRecord, Parameters<typeof code.remove>[1]>();
      const driver: Driver = {
        bind: (dev) => {
          const d = deviceOf(s, 'bind', dev);
          if (d.boundTo !== null) s.mistake(`bind: ${d.name} is bound to ${d.boundTo} already`);
          s.step(d.name, `bind ${name}`, () => {});
          d.boundTo = name;
          bound.set(d, code.probe(dev));
        },
        unbind: (dev) => {
          const d = deviceOf(s, 'unbind', dev);
          if (!bound.has(d)) s.mistake(`unbind: ${d.name} is not bound to ${name}`);
          const data = bound.get(d)!;
          bound.delete(d);
          code.remove(dev, data);
          d.boundTo = null;
          const left = s.ledger.live().filter((h) => h.device === d.name);
          if (left.length > 0) {
            const list = left.map(
              (h) => `${hex(h.dma)} (${h.api}${h.at === null ? '' : ` on line ${h.at.line}`})`,
            );
            s.mistake(`unbind: ${name} has left ${d.name} and still holds ${list.join(', ')}`);
          }
          s.step(d.name, `unbind ${name}`, () => {});
        },
      };
      return driver;
    },
    accept: (dev: Device) => {
      const d = deviceOf(s, 'accept', dev);
      const state = s.kernel.state.devices[d.id]!;
      if (s.kernel.config.fact('forces') !== 'all')
        s.mistake(
          `accept: nothing is accepted on ${s.kernel.config.fact('name')}: it is no confidential guest`,
        );
      if (state.trusted) s.mistake(`accept: ${d.name} was accepted already`);
      s.world(
        `accept ${d.name}`,
        () => {
          s.recorded('tsm_accept', { dev: d.name });
          return s.machine.act('accept', () => {
            state.trusted = true;
          });
        },
        () => 'it may reach private memory from here on',
      );
    },
    dma_set_coherent_mask: (dev, bits) => {
      const d = deviceOf(s, 'dma_set_coherent_mask', dev);
      whole(s, 'dma_set_coherent_mask', 'bits', bits, 1, 64);
      s.step(d.name, `dma_set_coherent_mask(DMA_BIT_MASK(${bits}))`, () => {
        s.recorded('dma_set_coherent_mask', { dev: d.name });
        s.kernel.state.devices[d.id]!.coherent_mask_bits = bits;
      });
    },
    atomic: (body) => {
      if (typeof body !== 'function') s.mistake(`atomic: ${show(body)} is no function`);
      if (s.atomic) return body();
      s.atomic = true;
      try {
        return body();
      } finally {
        s.atomic = false;
      }
    },
    settle: () => {
      if (s.atomic) s.mistake('settle: nothing else runs while a spinlock is held (atomic())');
      s.world(
        'settle',
        () => s.machine.settle(),
        ({ records }) => {
          const works = records.filter((r) => r.step === 'kworker_start').length;
          const periods = records.filter((r) => r.step === 'rcu_gp_end').length;
          if (works + periods === 0) return 'nothing was waiting';
          return `${count(periods, 'grace period')}, ${count(works, 'work item')}`;
        },
      );
    },
    failNext: (symbol, options = {}) => {
      const wrong = s.failures.add(String(symbol), options.times ?? 1, options.at, s.positions.here());
      if (wrong !== null) s.mistake(`failNext: ${wrong}`);
    },
  };
}
