import { describe, expect, test } from 'vitest';
import { conformSubject } from '../../src/conformance/conform.ts';
import { seriesNamed, subject } from '../conformance/subjects.ts';

describe('the baseline simulator against the intended machines', () => {
  test('does not conform on cca, at these steps', () => {
    const { failures } = conformSubject(subject('baseline', 'cca'), seriesNamed('v5'));
    const sites = [...new Set(failures.map(({ site, actor }) => `${site} by ${actor}`))].sort();
    expect(sites).toEqual(
      [
        'dma_free_from_pool by driver',
        '__get_free_pages by grower',
        'dma_alloc_from_pool by driver',
        'queue_rcu_work by driver',
        'swiotlb_search_pool_area by driver',
      ].sort(),
    );
  });
});
