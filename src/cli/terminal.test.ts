import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTable, type Column } from './terminal.ts';

const COLUMNS: readonly Column[] = [
  { heading: 'name', minWidth: 4 },
  { heading: 'rest', dropOrder: 2 },
  { heading: 'size', align: 'right', dropOrder: 1 },
];
const ROWS = [['abcdefgh', 'rest', '12']];

for (const [width, lines] of [
  [20, ['name      rest  size', 'abcdefgh  rest    12']],
  [16, ['name  rest  size', 'abc…  rest    12']],
  [15, ['name      rest', 'abcdefgh  rest']],
  [9, ['name', 'abcdefgh']],
  [3, ['name', 'abc…']],
] as const) {
  test(`a table ${width} wide shrinks its columns first, then leaves out the least`, () => {
    assert.deepEqual(formatTable(COLUMNS, ROWS, width).trimEnd().split('\n'), lines);
  });
}
