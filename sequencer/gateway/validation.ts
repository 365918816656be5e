import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { BAD_PARAMETER } from '#shared/protocol/api-codes.ts';
import { ApiError } from './errors.ts';
import type { Schema } from './schemas.ts';

/** Checks parameters and fills their defaults in; throws BAD_PARAMETER naming the first one that is wrong. */
export type Validator = (params: Record<string, unknown>) => void;

const SHOWN = 60;

const common = { allErrors: false, useDefaults: true, allowUnionTypes: true, verbose: true };
const strictAjv = new Ajv(common);
const coercingAjv = new Ajv({ ...common, coerceTypes: true });

/**
 * Compiles a schema once.
 * @param coerce for query strings, where a number can only come as text
 */
export function compileValidator(schema: Schema, coerce = false): Validator {
  const validate: ValidateFunction = (coerce ? coercingAjv : strictAjv).compile(schema);
  return (params) => {
    if (validate(params)) return;
    const error = validate.errors?.[0];
    if (error === undefined) throw new ApiError(BAD_PARAMETER);
    const parameter = parameterOf(error);
    throw new ApiError(BAD_PARAMETER, sentence(error, parameter, schema), { parameter });
  };
}

function parameterOf(error: ErrorObject): string {
  if (error.keyword === 'required') return shown(error.params.missingProperty);
  if (error.keyword === 'additionalProperties') return shown(error.params.additionalProperty);
  return shown(error.instancePath.slice(1).replaceAll('/', '.'));
}

function sentence(error: ErrorObject, parameter: string, schema: Schema): string {
  const known = Object.keys((schema.properties as Record<string, Schema>) ?? {});
  const takes = known.length === 0 ? 'no parameters' : known.join(', ');
  if (error.keyword === 'required') return `Parameter '${parameter}' is missing.`;
  if (error.keyword === 'additionalProperties') {
    return `There is no parameter '${parameter}': this method takes ${takes}.`;
  }
  if (parameter === '') return `The parameters must be one object: this method takes ${takes}.`;
  const allowed =
    error.keyword === 'enum' ? `one of ${error.params.allowedValues.join(', ')}` : error.message;
  const must = error.keyword === 'enum' ? `must be ${allowed}` : allowed;
  const hint = (error.parentSchema as Schema | undefined)?.description;
  return `Parameter '${parameter}' ${must}${hint === undefined ? '' : ` (${hint})`}.`;
}

/** A name the client made up, short enough to send back. */
function shown(name: unknown): string {
  const text = String(name);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
