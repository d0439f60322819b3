import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Part } from './parts.ts';
import type { Problem } from './problem.ts';

let created: Ajv2020 | undefined;
/** Made when the first tool is read, since it compiles the schemas of JSON Schema itself. */
const getAjv = () => (created ??= new Ajv2020({ strict: false, allErrors: true, logger: false }));

/** What is wrong with the JSON Schema of a tool's arguments: a model would refuse it, or guess. */
export function checkTool(part: Part<{ parameters: Record<string, unknown> }>): Problem[] {
  const { parameters } = part.value;
  const place = (path: readonly PropertyKey[]) => ({
    file: part.parsed.file,
    ...part.parsed.locate(['parameters', ...path]),
  });
  if (parameters['type'] !== 'object') {
    const cause = 'arguments of a tool are an object, and parameters does not say so';
    return [{ ...place([]), cause, fix: 'Write type: object, and the arguments under properties.' }];
  }
  const ajv = getAjv();
  if (ajv.validateSchema(parameters) === true) return [];
  const [error] = ajv.errors ?? [];
  const path = (error?.instancePath ?? '').split('/').filter((key) => key !== '');
  const cause = `parameters${path.map((key) => `.${key}`).join('')} ${error?.message ?? 'is not a JSON Schema'}`;
  return [{ ...place(path), cause, fix: 'Correct it as JSON Schema, draft 2020-12.' }];
}
