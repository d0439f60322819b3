#!/usr/bin/env node
import { CommanderError } from 'commander';
import { createProgram } from './cli/program.ts';

// Whoever reads a part of the output (`| head`) has had enough, which is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  await createProgram().parseAsync();
} catch (error) {
  // What commander refuses it has already explained; 1 is kept for an answer that is no.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    process.stderr.write(`goldenpath: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}
