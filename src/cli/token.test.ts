import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Command, CommanderError } from 'commander';
import { decodeJwt } from 'jose';
import { addTokenCommand } from './token.ts';

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'token-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Runs the command in this process and answers with what it printed. */
async function run(...words: readonly string[]): Promise<{ readonly out: string; readonly error: string }> {
  let out = '';
  let error = '';
  const program = new Command().exitOverride().configureOutput({
    writeOut: (text) => (out += text),
    writeErr: (text) => (error += text),
  });
  addTokenCommand(program);
  await program.parseAsync(['token', ...words], { from: 'user' }).catch((reason: unknown) => {
    if (!(reason instanceof CommanderError)) throw reason; // what it said is in `error`
  });
  return { out, error };
}

const whom = ['--user', 'ada', '--tenant', 'acme'];

describe('goldenpath token', () => {
  it('prints the token alone, before any gateway has started', async () => {
    const state = join(directory, 'new', 'state');
    const { out, error } = await run(
      ...whom,
      '--group',
      'a',
      '--group',
      'b',
      '--workflow',
      'w',
      '--ttl',
      '30m',
      '--state',
      state,
    );
    assert.equal(
      error,
      `goldenpath: made a new key in ${state}; only a gateway with that --state accepts its tokens\n`,
    );
    assert.equal((await run(...whom, '--state', state)).error, '', 'the key is there now');
    assert.match(out, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const claims = decodeJwt(out);
    assert.deepEqual(
      [claims.sub, claims['tenant'], claims['groups'], claims['workflow']],
      ['ada', 'acme', ['a', 'b'], 'w'],
    );
    assert.equal((claims.exp ?? 0) - (claims.iat ?? 0), 1800);
  });

  const refusals: readonly [words: readonly string[], why: RegExp][] = [
    [['--tenant', 'acme'], /--user/],
    [['--user', 'ada'], /--tenant/],
    [[...whom, '--ttl', '1 hour'], /90s, 30m, 1h or 7d/],
    [[...whom, '--ttl', '8d'], /seven days/],
    [['--user', ' ', '--tenant', 'acme'], /1 to 128 printable/],
  ];
  for (const [words, why] of refusals) {
    it(`says what is wrong with ${words.join(' ')}`, async () => {
      const { out, error } = await run(...words, '--state', directory);
      assert.equal(out, '');
      assert.match(error, why);
    });
  }

  it('says so where no state directory can be made', async () => {
    writeFileSync(join(directory, 'file'), '');
    const { error } = await run(...whom, '--state', join(directory, 'file', 'state'));
    assert.match(error, /--state or GOLDENPATH_STATE/);
  });

  it('says so where the key is open to others', async () => {
    await run(...whom, '--state', directory);
    chmodSync(join(directory, 'keys', 'issuer.json'), 0o644);
    const { error } = await run(...whom, '--state', directory);
    assert.match(error, /^error: .*chmod 600/);
  });
});
