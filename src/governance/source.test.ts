import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { readSource } from './source.ts';

interface Folder extends AsyncDisposable {
  readonly path: string;
  write(file: string, content: string | Buffer): Promise<void>;
}

async function makeFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'goldenpath-source-'));
  return {
    path,
    write: async (file, content) => {
      await mkdir(dirname(join(path, file)), { recursive: true });
      await writeFile(join(path, file), content);
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}

const describe = (problems: Awaited<ReturnType<typeof readSource>>['problems']) =>
  problems.map(({ file, cause }) => `${file}: ${cause}`).toSorted();

test('says of a symbolic link that it is not followed, be it a file or a folder', async () => {
  await using folder = await makeFolder();
  await folder.write('goldenpath.yaml', 'name: a\n');
  await folder.write('shared/forbid.cedar', 'forbid (principal, action, resource);');
  await mkdir(join(folder.path, 'policies'));
  await symlink('../shared/forbid.cedar', join(folder.path, 'policies', 'forbid.cedar'));
  await symlink('shared', join(folder.path, 'tenants'));
  const { problems, files } = await readSource(folder.path);
  const words = 'a symbolic link is not followed, since what it points at is not under review here';
  assert.deepEqual(describe(problems), [`policies/forbid.cedar: ${words}`, `tenants: ${words}`]);
  assert.ok(!files.has('policies/forbid.cedar'));
});

test('hidden files and links belong to tools and editors, and change nothing', async () => {
  await using folder = await makeFolder();
  await folder.write('goldenpath.yaml', 'name: a\n');
  const before = await readSource(folder.path);
  await folder.write('.git/config.yaml', 'a: b');
  await folder.write('policies/.main.cedar.swp', 'x');
  await folder.write('policies/main.cedar~', 'x');
  await folder.write('node_modules/x/tenants/a.yaml', 'x');
  await symlink('maya@laptop.4711', join(folder.path, 'policies', '.#main.cedar'));
  assert.deepEqual(await readSource(folder.path), before);
});

test('says of a misspelt ending that the file would have no effect', async () => {
  await using folder = await makeFolder();
  await folder.write('policies/forbid.ceder', 'forbid (principal, action, resource);');
  await folder.write('capabilities/a.YAML', 'owner: a');
  await folder.write('knowledge/picture.png', 'x');
  await folder.write('logo.png', 'x');
  const { problems } = await readSource(folder.path);
  const words = 'no rule says what this file is, so it would have no effect';
  assert.deepEqual(describe(problems), [`capabilities/a.YAML: ${words}`, `policies/forbid.ceder: ${words}`]);
});

test('says of a huge file, and of one that is no UTF-8, what is wrong with it', async () => {
  await using folder = await makeFolder();
  await folder.write('knowledge/huge.md', 'x'.repeat(5_000_001));
  await folder.write('knowledge/latin.md', Buffer.from([0x66, 0xfc, 0x72]));
  const { problems, files } = await readSource(folder.path);
  assert.deepEqual(describe(problems), [
    'knowledge/huge.md: larger than 5000000 bytes',
    'knowledge/latin.md: not valid UTF-8',
  ]);
  assert.equal(files.size, 0);
});

test('a folder that is not there, or a file in its place, throws what to do', async () => {
  await using folder = await makeFolder();
  await folder.write('file.yaml', 'a: b');
  await assert.rejects(readSource(join(folder.path, 'none')), /none: cannot be read as a folder; pass the/);
  await assert.rejects(readSource(join(folder.path, 'file.yaml')), /cannot be read as a folder/);
});
