/** The systems by name, in their order: for who lists them without reading their machines. */
export const SYSTEM_NAMES = [
  'dynamic-pools',
  'boot',
  'restricted-init',
  'atomic-pools',
  'allocation',
  'allocation-pages',
  'streaming',
  'restricted',
  'trusted',
] as const;
