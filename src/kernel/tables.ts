/** Tables of objects by address: the simulator's own bookkeeping, with no step and no branch of the kernel's in it. */

/** Puts an object where its address says; addresses are ascending. */
export function insertByAddress<T extends { readonly addr: number }>(table: T[], item: T): void {
  const i = table.findIndex(({ addr }) => addr >= item.addr);
  table.splice(i < 0 ? table.length : i, 0, item);
}

/** Takes the object of an address away; nothing happens where there is none any more. */
export function dropByAddress(table: { readonly addr: number }[], address: number): void {
  const i = table.findIndex(({ addr }) => addr === address);
  if (i >= 0) table.splice(i, 1);
}
