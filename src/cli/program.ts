import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addArchiveCommand } from './archive.ts';
import { addAuditCommand } from './audit.ts';
import { addBedrockCommand } from './bedrock.ts';
import { addCanCommand } from './can.ts';
import { addCheckCommand } from './check.ts';
import { addCostCommand } from './cost.ts';
import { addEstimateCommand } from './estimate.ts';
import { addExplainCommand } from './explain.ts';
import { addGuardrailCommand } from './guardrail.ts';
import { addInitCommand } from './init.ts';
import { addPublishCommand } from './publish.ts';
import { addScanCommand } from './scan.ts';
import { addSchemaCommand } from './schema.ts';
import { addStartCommand } from './start.ts';
import { addSwitchCommand } from './switch.ts';
import { addTokenCommand } from './token.ts';

/** The `goldenpath` command with all that it can do. */
export function createProgram(): Command {
  const program = new Command('goldenpath')
    .description('The one governed road from product code to foundation models.')
    .version(readVersion())
    .exitOverride() // before the commands, which inherit it
    .showHelpAfterError('(add --help for what it takes)')
    .addHelpText(
      'after',
      '\nExit status: 0 done, 1 the answer is no or problems were found, 2 it could not be done.',
    );

  program.commandsGroup('Serve:');
  addStartCommand(program);
  addTokenCommand(program);
  addBedrockCommand(program);
  program.commandsGroup('Govern:');
  addCheckCommand(program);
  addPublishCommand(program);
  addInitCommand(program);
  addCanCommand(program);
  addGuardrailCommand(program);
  addSchemaCommand(program);
  addScanCommand(program);
  addSwitchCommand(program);
  program.commandsGroup('Evidence:');
  addAuditCommand(program);
  addExplainCommand(program);
  addArchiveCommand(program);
  program.commandsGroup('Money:');
  addCostCommand(program);
  addEstimateCommand(program);
  return program;
}

function readVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version; // our own manifest
}
