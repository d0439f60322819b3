import { z } from 'zod';
import { FILE_SCHEMAS } from './schemas.ts';

/** The published JSON Schemas, by file name. */
export function renderJsonSchemas(): Map<string, string> {
  return new Map(
    Object.entries(FILE_SCHEMAS).map(([name, schema]) => [
      `${name}.schema.json`,
      `${JSON.stringify(z.toJSONSchema(schema, { io: 'input' }), null, 2)}\n`,
    ]),
  );
}
