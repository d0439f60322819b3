import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeUnforeseen } from './refusal.ts';

test('an unforeseen error gives its class and place, and nothing of its message', () => {
  const planted = 'maya@example.com';
  const errors = [
    new Error(planted),
    new TypeError(`bad\n${planted} at somewhere`),
    new Error(`bad\n    at ${planted} (file.ts:1:2)x`),
    Object.assign(new Error('x'), { name: `Error ${planted}` }),
    Object.assign(new Error('x'), { stack: planted }),
    planted,
    undefined,
  ];
  const described = errors.map(describeUnforeseen);
  assert.ok(
    described.every((text) => !text.includes(planted)),
    described.join('; '),
  );
  assert.match(described[0] ?? '', /^Error at refusal\.test\.ts:\d+$/);
  assert.match(described[1] ?? '', /^TypeError at refusal\.test\.ts:\d+$/);
});
