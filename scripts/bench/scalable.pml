/*
 * The scalable system as a user of Spin would write it, for measurement: M mappers, P pools of S slots. Compile with
 * spin -a -o3, so that no statements are merged: then it has the states and transitions of the export.
 */
byte used[P];

active [M] proctype mapper() {
  byte pool;
  bit written;

unmapped:   skip;                                             /* dma_map_phys */
searching:  if
            :: d_step { used[pool] < S -> used[pool]++ };     goto copying_in
            :: d_step { used[pool] == S && pool < P - 1 -> pool++ };     goto searching
            :: d_step { used[pool] == S && pool == P - 1 -> pool = 0 };  goto failed
            fi;
copying_in: skip;                                             /* swiotlb_bounce in */
returning:  skip;                                             /* dma_map_phys returns */
mapped:     if
            :: d_step { written = 1 };                        goto mapped
            :: skip                                           /* dma_unmap_phys */
            fi;
copying_out: d_step { written = 0 };                          /* swiotlb_bounce out */
releasing:  d_step { used[pool]--; pool = 0 };                /* swiotlb_release_slots */
unmapping:  skip;                                             goto unmapped;
failed:     skip;                                             goto unmapped
}
