import { PLATFORMS } from '../../src/series/index.ts';
import { testMapsSimulated } from '../decide/map-simulated.ts';

testMapsSimulated(PLATFORMS);
