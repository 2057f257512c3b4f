/** The walk through a machine of the specification that decides a request. */
export { type Answer, FIRST, type Walked, Walker } from '../lts/walk.ts';
