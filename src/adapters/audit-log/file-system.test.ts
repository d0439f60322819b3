import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { openSystemFiles, syncData } from './file-system.ts';
import { makeStateDir } from './testing.ts';

test('a sync that fails rejects, whichever thread it is made in', async () => {
  const files = openSystemFiles();
  const file = path.join(makeStateDir(), 'file');
  const fd = fs.openSync(file, 'w');
  // The first is made in another thread; those after it here, where the disk is quick.
  for (let syncs = 0; syncs < 20; syncs += 1) {
    fs.writeSync(fd, 'a line\n');
    await syncData(files, fd);
  }
  fs.closeSync(fd);
  // Made here where the disk was quick, and then where this one says by the time that it took.
  for (let syncs = 0; syncs < 3; syncs += 1) await assert.rejects(syncData(files, fd), /EBADF/);
});
