#!/usr/bin/env node
import { Command } from 'commander';
import { addCanCommand } from './cli/can.ts';
import { addCheckCommand } from './cli/check.ts';
import { addInitCommand } from './cli/init.ts';
import { addPublishCommand } from './cli/publish.ts';
import { addScanCommand } from './cli/scan.ts';
import { addSchemaCommand } from './cli/schema.ts';
import { addStartCommand } from './cli/start.ts';
import { addTokenCommand } from './cli/token.ts';

/** The `goldenpath` command. Exit status: 0 done, 1 the answer is no or problems were found, 2 it could not be done. */
const program = new Command('goldenpath')
  .description('The one governed road from product code to foundation models.')
  .version('0.1.0')
  .showHelpAfterError('(add --help for what it takes)')
  .configureHelp({ sortSubcommands: false })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

program.commandsGroup('Serve:');
addStartCommand(program);
addTokenCommand(program);
program.commandsGroup('Govern:');
addCheckCommand(program);
addPublishCommand(program);
addInitCommand(program);
addCanCommand(program);
addSchemaCommand(program);
addScanCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`goldenpath: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
