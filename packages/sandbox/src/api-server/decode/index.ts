export { DecodeFailure } from "./decode-failure.ts";
export { type Decoded, type DecodeOptions, decodeObject, decodeValue, type FieldValidation } from "./decode-object.ts";
export { duplicateFields } from "./duplicate-fields.ts";
