import type { VariableType } from './governed.ts';

/** Why a value is not of a variable's type, or undefined when it is. Never repeats the value. */
export function explainVariableMismatch(type: VariableType, value: string): string | undefined {
  switch (type.kind) {
    case 'enum':
      return type.values.includes(value) ? undefined : `is none of: ${type.values.join(', ')}`;
    case 'integer': {
      if (!/^-?[0-9]{1,15}$/.test(value)) return 'is not a whole number';
      const number = Number(value);
      return number >= type.min && number <= type.max ? undefined : `is outside ${type.min} to ${type.max}`;
    }
    case 'boolean':
      return value === 'true' || value === 'false' ? undefined : 'is neither true nor false';
    case 'date':
      return isCalendarDate(value) ? undefined : 'is not a date, YYYY-MM-DD';
    case 'identifier':
      // Short and plain, and still a client's own words: it may stand in no layer of the platform.
      return /^[A-Za-z0-9_.-]{1,64}$/.test(value)
        ? undefined
        : 'is not an identifier (letters, digits, _ . -, at most 64)';
    case 'text':
      return value.length <= type.maxCharacters
        ? undefined
        : `is longer than ${type.maxCharacters} characters`;
  }
}

function isCalendarDate(value: string): boolean {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(value)) return false;
  const date = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value);
}
