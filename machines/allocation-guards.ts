/** Named guards that the machines of allocation and free share: questions to an event, and nothing else. */

interface Asked {
  readonly event: { readonly type: string };
}
const says = (name: string, value: string | boolean) => {
  return ({ event }: Asked): boolean => (event as unknown as Record<string, unknown>)[name] === value;
};

export const ANSWERS = {
  own: says('buf', 'own'),
  inProcess: says('ctx', 'process'),
  ok: says('ok', true),
  fails: says('ok', false),
  found: says('found', true),
  notFound: says('found', false),
  owned: says('owned', true),
  notOwned: says('owned', false),
  lowmem: says('page', 'lowmem'),
  highmem: says('page', 'highmem'),
  noCma: says('page', 'none'),
  wantsShared: says('attrs', 'CC_SHARED'),
  wantsAny: says('attrs', 'none'),
  returnsOk: says('ret', 'ok'),
  returnsFailed: says('ret', 'failed'),
  protDecrypted: says('prot', 'decrypted'),
  protEncrypted: says('prot', 'encrypted'),
  nothing: says('got', 'null'),
  noAddress: says('addr', 'none'),
  saysShared: says('addr', 'shared'),
  saysPrivate: says('addr', 'private'),
  saysNothing: says('addr', 'unencoded'),
  saysIova: says('addr', 'iova'),
};
