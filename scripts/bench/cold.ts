/** From nothing to verdicts, in a process of its own: `node --import tsx scripts/bench/cold.ts 1e6`. */
import { MEASURED, scaledProperties } from '../../machines/systems/scalable.ts';
import { type SafetyProperty, verify } from '../../src/lts/index.ts';
import { type SizeName, sized } from './spin.ts';

const size = MEASURED[process.argv[2] as SizeName];
const { verdicts } = verify(sized(size), scaledProperties(size) as SafetyProperty[]);
if (verdicts.some(({ status }) => status !== 'holds')) throw new Error('something does not hold');
